"""Several processes that train one model, as torchrun starts them; alone, every function here does nothing."""

import os

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel


def start():
    """Join the others that torchrun started, by NCCL on GPUs, else by gloo. Returns the device of this process."""
    device = (
        torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0"))) if torch.cuda.is_available() else torch.device("cpu")
    )
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        if device.type == "cuda":
            torch.cuda.set_device(device)
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return device


def together():
    return dist.is_available() and dist.is_initialized()


def rank():
    return dist.get_rank() if together() else 0


def world():
    return dist.get_world_size() if together() else 1


def gather(tensor):
    """Rows of all processes in the order of their ranks, without gradient (concat_all_gather of the official code)."""
    if not together():
        return tensor
    parts = [torch.empty_like(tensor) for _ in range(world())]
    dist.all_gather(parts, tensor.contiguous())
    return torch.cat(parts)


def everyone(value):
    """What every process holds, as a list by rank."""
    if not together():
        return [value]
    found = [None] * world()
    dist.all_gather_object(found, value)
    return found


def agreed(value):
    """The first process's value, for decisions that all must take alike."""
    if not together():
        return value
    found = [value]
    dist.broadcast_object_list(found, 0)
    return found[0]


def averaged(module, device):
    """The module, wrapped so that its backward pass leaves the mean of all processes' gradients in every process."""
    if not together():
        return module
    devices = [device] if device.type == "cuda" else None
    return DistributedDataParallel(module, device_ids=devices, find_unused_parameters=True)  # phases use different parts
