"""Trainings that albef.js saved, to and from PyTorch: python3 exchange.py RUN/last.pt SAVED.safetensors writes one.

train.py --start SAVED.safetensors goes on from one. The file holds weights, momentum copies and queues under their official
names, the moments of AdamW as exp_avg.NAME and exp_avg_sq.NAME, and counters (packages/distillation saved-state.ts). Its
momentum copies are those that the next step hears: they have followed the weights, which a run here does only then.
"""

import copy
import sys
from pathlib import Path

import numpy as np
import torch

import safetensors_file
from objective import follow
from run import Run

MOMENTS = ("exp_avg", "exp_avg_sq")


def momentum_key(name):
    """visual_encoder.norm.bias -> visual_encoder_m.norm.bias."""
    head, _, rest = name.partition(".")
    return f"{head}_m.{rest}" if rest else f"{head}_m"


@torch.no_grad()
def withdraw(teacher, model, momentum):
    """The copy's last step towards the model undone: the run begins with it."""
    for slow, fast in zip(teacher.parameters(), model.parameters()):
        slow.copy_((slow.double() - (1 - momentum) * fast.double()) / momentum)


def open_training(run, path):
    """Put a saved training into a run, which is then in its joint phase."""
    stored = {k: torch.from_numpy(v.copy()) for k, v in safetensors_file.read(path).items()}
    run.model.load_state_dict({name: stored[name] for name in run.model.state_dict()})
    run.enter("joint")
    run.teacher.load_state_dict({name: stored[momentum_key(name)] for name in run.model.state_dict()})
    withdraw(run.teacher, run.model, run.training["momentum"])
    for name, parameter in run.model.named_parameters():
        moments = {moment: stored[f"{moment}.{name}"].to(parameter.device) for moment in MOMENTS}
        run.optimizer.state[parameter] = {"step": stored["optimizer.step"][0].float(), **moments}
    run.steps = run.phase_steps = int(stored["optimizer.step"])
    run.queue = {kind: stored[f"{kind}_queue"].t().contiguous().to(run.device) for kind in ("image", "text")}
    ids = stored.get("idx_queue", torch.full((len(run.queue["image"]),), -100))
    run.queue |= {"concept": ids.long().to(run.device), "pointer": int(stored["queue_ptr"])}


def save_training(run, path):
    """Write a run in its joint phase as albef.js saves a training; the bag-of-words task of the first phase stays out."""
    if not run.teacher:
        raise SystemExit(f"the run is in phase {run.phase}; only the joint phase has all that albef.js trains")
    tensors = dict(run.model.state_dict())
    teacher = copy.deepcopy(run.teacher)
    follow(teacher, run.model, run.training["momentum"])
    tensors |= {momentum_key(name): value for name, value in teacher.state_dict().items()}
    for name, parameter in run.model.named_parameters():
        moments = run.optimizer.state[parameter]
        tensors |= {f"{moment}.{name}": moments[moment] for moment in MOMENTS}
    tensors |= {f"{kind}_queue": run.queue[kind].t() for kind in ("image", "text")}
    counters = {
        "optimizer.step": run.phase_steps,
        "queue_ptr": run.queue["pointer"],
        "idx_queue": run.queue["concept"].tolist(),
    }
    arrays = {name: value.detach().cpu().contiguous().numpy() for name, value in tensors.items()}
    arrays |= {name: np.atleast_1d(np.array(value, np.int32)) for name, value in counters.items()}
    safetensors_file.write(path, arrays)


def main(checkpoint, out):
    config = torch.load(checkpoint, map_location="cpu")["config"]
    run = Run(config, torch.device("cpu"))
    run.load(checkpoint)
    save_training(run, out)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
