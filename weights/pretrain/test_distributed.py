"""Two gloo processes against the same by hand in one, and a killed process: python3 -m unittest test_distributed."""

import copy
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import torch
import torch.multiprocessing as multiprocessing

import processes
from objective import follow, push
from run import Run
from shards import Shards
from tiny_pairs import CONFIG, write_tiny

HERE = Path(__file__).parent
WORLD = 2


def start_run():
    """A run in its joint phase, the same in every process."""
    torch.set_num_threads(1)
    torch.manual_seed(1)
    run = Run(copy.deepcopy(CONFIG), torch.device("cpu"))
    run.enter("joint")
    return run


def local_loss(step, out, rank):
    """Losses on the batch of a rank with the random stream of its step, and what enters the queue."""
    batch = torch.load(out / f"batch-{rank}.pt")
    torch.manual_seed(200 + rank)
    return step(batch)


SETTINGS = {"mlm_probability": 0.3, "mlm_weight": 1.0, "itm_weights": (1.0, 1.0), "fusion_stride": 1, "drop": 0.0}
SETTINGS |= {"alpha_now": 0.4, "hardness": 1.0}


def one_process(rank, folder, out):
    os.environ.update(RANK=str(rank), WORLD_SIZE=str(WORLD), MASTER_ADDR="127.0.0.1", MASTER_PORT="29617")
    processes.start()
    run = start_run()
    local_loss(lambda batch: run.losses(batch, SETTINGS), out, rank)["total"].backward()
    gradients = {name: p.grad for name, p in run.learner.named_parameters() if p.grad is not None}
    torch.save({"gradients": gradients, "queue": run.queue, "seconds": processes.agreed(float(rank))}, out / f"{rank}.pt")


class TwoProcesses(unittest.TestCase):
    def test_gradients_are_the_mean_of_the_local_ones_and_the_queue_is_shared(self):
        with tempfile.TemporaryDirectory() as scratch:
            folder, out = Path(scratch) / "shards", Path(scratch)
            write_tiny(folder, 64, 16)
            for rank in range(WORLD):
                torch.save(Shards(folder, 16, 100 + rank).batch(6, 1.0, "name", 0.0), out / f"batch-{rank}.pt")
            multiprocessing.spawn(one_process, (folder, out), nprocs=WORLD)
            found = [torch.load(out / f"{rank}.pt") for rank in range(WORLD)]
            run = start_run()
            follow(run.teacher, run.model, run.training["momentum"])
            entering, gradients = [], []
            for rank in range(WORLD):
                run.learner.zero_grad(set_to_none=True)
                step = lambda batch: run.learner("joint", batch, SETTINGS, teacher=run.teacher, queue=run.queue)
                losses, fresh = local_loss(step, out, rank)
                losses["total"].backward()
                entering.append(fresh)
                gradients.append({n: p.grad.clone() for n, p in run.learner.named_parameters() if p.grad is not None})
            for fresh in entering:  # by rank
                push(run.queue, fresh)
        for process in found:
            self.assertEqual(process["gradients"].keys(), gradients[0].keys())
            for name, gradient in process["gradients"].items():
                torch.testing.assert_close(gradient, (gradients[0][name] + gradients[1][name]) / 2, atol=1e-6, rtol=1e-5)
            for name in ("image", "text", "concept"):
                torch.testing.assert_close(process["queue"][name], run.queue[name], atol=1e-6, rtol=1e-5)
            self.assertEqual(process["queue"]["pointer"], 12)
            self.assertEqual(process["seconds"], 0.0)
        self.assertGreater(max(g.abs().max() for g in gradients[0].values()), 1e-3)


class KilledProcess(unittest.TestCase):
    def test_torchrun_goes_on_from_the_last_checkpoint(self):
        with tempfile.TemporaryDirectory() as scratch:
            folder, out, config = Path(scratch) / "shards", Path(scratch) / "run", Path(scratch) / "config.json"
            write_tiny(folder, 64, 16)
            config.write_text(json.dumps(CONFIG))
            command = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", str(WORLD), "--max_restarts", "1"]
            command += ["--redirects", "1", "--tee", "1", "--log_dir", out]  # PyTorch 1.13 on Python 3.11 fails without
            command += [
                "--master_port",
                "29618",
                "--monitor_interval",
                "1",
                HERE / "train.py",
                folder,
                out,
                "--config",
                config,
            ]
            environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
            job = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                wait_for(lambda: (out / "log.jsonl").exists(), 120)
                children = Path(f"/proc/{job.pid}/task/{job.pid}/children").read_text().split()
                os.kill(int(children[-1]), signal.SIGKILL)
                self.assertEqual(job.wait(180), 0)
            finally:
                job.kill()
                job.wait()
            lines = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
            state = torch.load(out / "last.pt")
        self.assertGreaterEqual(state["seconds"], CONFIG["training"]["seconds"])
        self.assertEqual(state["samples"], state["steps"] * 8 * WORLD)
        self.assertEqual(len(state["streams"]), WORLD)
        seconds = [line["seconds"] for line in lines]
        self.assertEqual(seconds, sorted(seconds))  # the second start did not begin at nothing
        self.assertEqual(lines[-1]["phase"], "joint")


def wait_for(holds, limit):
    end = time.monotonic() + limit
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {limit} s")
        time.sleep(0.1)


if __name__ == "__main__":
    unittest.main()
