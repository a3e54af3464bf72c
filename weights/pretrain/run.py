"""A training run: everything that a checkpoint holds, and one step of it."""

import os

import torch
from torch import nn

import processes
from fusion_start import start_fusion
from model import Albef
from objective import contrast_in_batch, follow, fusion_step, joint_step, push
from schedule import batch_of, learning_rate, phase_of, progress_in, settings_of


class Learner(nn.Module):
    """All that learns, with one forward pass per phase, so that it can be wrapped for several processes."""

    def __init__(self, config):
        super().__init__()
        width, vocabulary = config["vision_width"], config["bert_config"]["vocab_size"]
        self.model = Albef(config)
        # the bag-of-words task of the first phase; no part of the exported model
        self.heads = nn.ModuleDict({"image": nn.Linear(width, width), "text": nn.Linear(width, width)})
        self.bias = nn.Parameter(torch.zeros(vocabulary))

    def forward(self, phase, batch, settings, teacher=None, queue=None):
        """-> losses by name with "total", and what is to enter the queue ({} before the joint phase)."""
        if phase == "contrast":
            return contrast_in_batch(self.model, {**self.heads, "bias": self.bias}, batch, settings), {}
        if phase == "fusion":
            return fusion_step(self.model, batch, settings), {}
        return joint_step(self.model, teacher, queue, batch, settings)


class Run:
    """Owns networks, optimiser, queue, random state and time. Every process of a distributed run has one, all alike."""

    def __init__(self, config, device, corpus=None):
        """The configuration names the size of the vocabulary; the corpus gives batches to `step`."""
        self.config, self.training, self.corpus, self.device = config, config["training"], corpus, device
        self.learner = Learner(config["model"]).to(device)
        self.model = self.learner.model
        size, embed = self.training["queue_size"], config["model"]["embed_dim"]
        unit = lambda: nn.functional.normalize(torch.randn(size, embed), dim=1).to(device)
        self.queue = {"image": unit(), "text": unit(), "concept": torch.full((size,), -1, device=device), "pointer": 0}
        self.teacher, self.seconds, self.steps, self.samples, self.phase, self.phase_steps = None, 0.0, 0, 0, "", 0
        self.averaged = processes.averaged(self.learner, device)

    def enter(self, phase):
        """Start a phase with a fresh optimiser."""
        self.phase, self.phase_steps = phase, 0
        if phase == "fusion" and self.training["start_fusion"]:
            start_fusion(self.model)
        if phase == "joint" and self.teacher is None:
            self.teacher = self.model.teacher()
        self.make_optimizer()

    def make_optimizer(self):
        parameters = list(self.learner.parameters())
        groups = [{"params": [p for p in parameters if p.ndim != 1]}, {"params": [p for p in parameters if p.ndim == 1]}]
        groups[0]["weight_decay"], groups[1]["weight_decay"] = self.training["weight_decay"], 0.0
        self.optimizer = torch.optim.AdamW(groups, lr=0.0, betas=self.training["betas"])

    def losses(self, batch, settings):
        """Losses of one batch, with the teacher's step before and the queue's after, shared by all processes."""
        if self.phase == "joint":
            with torch.no_grad():
                self.model.temp.clamp_(0.001, 0.5)
            follow(self.teacher, self.model, self.training["momentum"])
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            losses, fresh = self.averaged(self.phase, batch, settings, teacher=self.teacher, queue=self.queue)
        if fresh:
            push(self.queue, {name: processes.gather(values) for name, values in fresh.items()})
        return losses

    def step(self):
        share = self.seconds / self.training["seconds"]
        if phase_of(share, self.training) != self.phase:
            self.enter(phase_of(share, self.training))
        progress = progress_in(self.phase, share, self.training)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.phase, progress, self.phase_steps, self.training)
        batch = self.corpus.batch(**batch_of(self.phase, share, self.training))
        self.samples += len(batch["image"]) * processes.world()
        self.optimizer.zero_grad(set_to_none=True)  # zeros would still be decayed
        losses = self.losses(
            {k: v.to(self.device) for k, v in batch.items()}, settings_of(self.phase, progress, self.training)
        )
        losses["total"].backward()
        nn.utils.clip_grad_norm_(self.learner.parameters(), self.training["clip"])
        self.optimizer.step()
        self.steps, self.phase_steps = self.steps + 1, self.phase_steps + 1
        return {name: float(value) for name, value in losses.items()}

    SIMPLE = ("seconds", "steps", "samples", "phase", "phase_steps", "queue")

    def save(self, path):
        """The first process writes the checkpoint beside its place, then moves it there in one step."""
        streams = processes.everyone((torch.get_rng_state(), self.corpus.state()))
        if processes.rank() > 0:
            return
        state = {name: getattr(self, name) for name in self.SIMPLE}
        state |= {"config": self.config, "learner": self.learner.state_dict(), "streams": streams}
        state |= {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}
        state["teacher"] = self.teacher and self.teacher.state_dict()
        torch.save(state, path.with_suffix(".part"))
        os.replace(path.with_suffix(".part"), path)

    def load(self, path):
        """Go on from a checkpoint; with another number of processes the random streams begin anew."""
        state = torch.load(path, map_location=self.device)
        for name in self.SIMPLE:
            setattr(self, name, state[name])
        self.learner.load_state_dict(state["learner"])
        self.teacher = self.model.teacher() if state["teacher"] else None
        if self.teacher:
            self.teacher.load_state_dict(state["teacher"])
        self.make_optimizer()
        self.optimizer.load_state_dict(state["optimizer"])
        if self.corpus and len(state["streams"]) == processes.world():
            torch_stream, corpus_stream = state["streams"][processes.rank()]
            torch.set_rng_state(torch_stream.cpu())
            self.corpus.restore(corpus_stream)
