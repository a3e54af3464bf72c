"""Pre-train albef-mini: python3 train.py CORPUS RUN [--config mini.json]. Resumes from RUN/last.pt.

It stops after the time budget. The schedule follows the elapsed share of the budget, so that a slow machine ends in time
with fewer steps.
"""

import argparse
import json
import math
import os
import time
from pathlib import Path

import torch
from torch import nn

from corpus import Corpus
from evaluate import evaluate
from fusion_start import start_fusion
from model import Albef
from official import load_official
from objective import contrast_in_batch, fusion_step, joint_step, kept_patches

WARM_UP_STEPS = 150


def phase_of(share, training):
    if share < training["contrast_until"]:
        return "contrast"
    return "fusion" if share < training["fusion_until"] else "joint"


def progress_in(phase, share, training):
    """Share of the phase that is over, 0..1."""
    ends = {"contrast": (0, training["contrast_until"]), "fusion": (training["contrast_until"], training["fusion_until"])}
    start, end = ends.get(phase, (training["fusion_until"], 1))
    return min(1, (share - start) / (end - start))


def learning_rate(phase, progress, steps, training):
    """Linear warm-up in steps, then a cosine in time: to 40 % in the first two phases, to 1 % at the end."""
    floor = 0.01 if phase == "joint" else 0.4
    cosine = floor + (1 - floor) * (1 + math.cos(math.pi * progress)) / 2
    return training["lr"][phase] * cosine * min(1, (steps + 1) / WARM_UP_STEPS)


def word_heads(width, vocabulary):
    """Linear layers of the bag-of-words task; they are not part of the exported model."""
    heads = nn.ModuleDict({"image": nn.Linear(width, width), "text": nn.Linear(width, width)})
    return heads, nn.Parameter(torch.zeros(vocabulary))


class Run:
    """Owns everything a checkpoint holds: networks, optimiser, queue, random state, time."""

    def __init__(self, corpus, config):
        self.config, self.training = config, config["training"]
        bert = config["model"]["bert_config"]
        bert["vocab_size"] = len(corpus.tokenizer.tokens)
        self.model = Albef(config["model"])
        self.heads, self.bias = word_heads(config["model"]["vision_width"], bert["vocab_size"])
        size, embed = self.training["queue_size"], config["model"]["embed_dim"]
        unit = lambda: nn.functional.normalize(torch.randn(size, embed), dim=1)
        self.queue = {"image": unit(), "text": unit(), "concept": torch.full((size,), -1), "pointer": 0}
        self.teacher, self.seconds, self.steps, self.samples, self.phase, self.phase_steps = None, 0.0, 0, 0, "", 0
        self.corpus = corpus

    def parameters(self):
        return [*self.model.parameters(), *self.heads.parameters(), self.bias]

    def enter(self, phase):
        """Start a phase with a fresh optimiser."""
        self.phase, self.phase_steps = phase, 0
        if phase == "fusion":
            start_fusion(self.model)
        if phase == "joint" and self.teacher is None:
            self.teacher = self.model.teacher()
        self.make_optimizer()

    def make_optimizer(self):
        named = [p for p in self.parameters() if p.requires_grad]
        groups = [{"params": [p for p in named if p.ndim > 1]}, {"params": [p for p in named if p.ndim <= 1]}]
        groups[0]["weight_decay"], groups[1]["weight_decay"] = self.training["weight_decay"], 0.0
        self.optimizer = torch.optim.AdamW(groups, lr=0.0, betas=(0.9, 0.98))

    def losses(self, share):
        t, progress = self.training, progress_in(self.phase, share, self.training)
        strength = min(1.0, t["strength"] + 2 * share)
        kind, scenes = ("free", 0.0) if self.phase == "contrast" else ("name", t["scene_share"])
        batch = self.corpus.batch(t["batch"][self.phase], strength, kind, scenes)
        self.samples += len(batch["image"])
        settings = {name: t[name] for name in ("mlm_probability", "momentum", "fusion_stride")}
        settings["alpha_now"] = t["alpha"] * min(1, progress / t["alpha_until"])
        if self.phase == "contrast":
            patches = self.model.visual_encoder.pos_embed.shape[1] - 1
            keep = kept_patches(len(batch["image"]), patches, t["drop_patches"])
            return contrast_in_batch(self.model, {**self.heads, "bias": self.bias}, batch, keep)
        if self.phase == "fusion":
            return fusion_step(self.model, batch, {**settings, "hardness": 0.7 * progress})
        settings["drop"] = t["drop_joint"] if progress < t["drop_until"] else 0.0
        return joint_step(self.model, self.teacher, self.queue, batch, settings)

    def step(self):
        share = self.seconds / self.training["seconds"]
        if phase_of(share, self.training) != self.phase:
            self.enter(phase_of(share, self.training))
        progress = progress_in(self.phase, share, self.training)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.phase, progress, self.phase_steps, self.training)
        self.optimizer.zero_grad(set_to_none=True)  # zeros would still be decayed
        losses = self.losses(share)
        losses["total"].backward()
        nn.utils.clip_grad_norm_(self.parameters(), self.training["clip"])
        self.optimizer.step()
        self.steps, self.phase_steps = self.steps + 1, self.phase_steps + 1
        return {name: float(value) for name, value in losses.items()}

    SIMPLE = ("seconds", "steps", "samples", "phase", "phase_steps", "queue")

    def save(self, path):
        """Write the checkpoint beside its place, then move it there in one step."""
        state = {name: getattr(self, name) for name in self.SIMPLE}
        state |= {"config": self.config, "model": self.model.state_dict()}
        state |= {"heads": self.heads.state_dict(), "bias": self.bias.data}
        state |= {"optimizer": self.optimizer.state_dict(), "teacher": self.teacher and self.teacher.state_dict()}
        state |= {"torch_rng": torch.get_rng_state(), "rng": self.corpus.rng.getstate()}
        torch.save(state, path.with_suffix(".part"))
        os.replace(path.with_suffix(".part"), path)

    def load(self, path):
        state = torch.load(path)
        for name in self.SIMPLE:
            setattr(self, name, state[name])
        self.model.load_state_dict(state["model"])
        self.heads.load_state_dict(state["heads"])
        self.bias.data = state["bias"]
        self.teacher = self.model.teacher() if state["teacher"] else None
        if self.teacher:
            self.teacher.load_state_dict(state["teacher"])
        self.make_optimizer()
        self.optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["torch_rng"])
        self.corpus.rng.setstate(state["rng"])


def report(run, out, averages):
    """One line of losses and recalls on the held-out pairs and the style that is only used for development."""
    rows = {name: [i for i, row in enumerate(run.corpus.rows) if row["split"] == name] for name in ("held-out", "dev")}
    settings = {"limit": 350, "k": 0 if run.phase == "contrast" else run.training["k_test"]}
    line = {"seconds": round(run.seconds), "phase": run.phase, "steps": run.steps, "samples": run.samples, **averages}
    line |= {name: evaluate(run.model, run.corpus, indices, settings) for name, indices in rows.items()}
    with (out / "log.jsonl").open("a") as log:
        log.write(json.dumps(line) + "\n")
    print(json.dumps(line), flush=True)


def train(run, out):
    """Steps until the time budget is used. A pause of the machine counts half a minute at most."""
    sums, saved, before = {}, run.seconds, time.monotonic()
    while run.seconds < run.training["seconds"]:
        for name, value in run.step().items():
            sums.setdefault(name, []).append(value)
        run.seconds, before = run.seconds + min(30.0, time.monotonic() - before), time.monotonic()
        if run.seconds - saved > run.training["checkpoint_seconds"] or run.seconds >= run.training["seconds"]:
            saved = run.seconds
            run.save(out / "last.pt")
            report(run, out, {name: round(sum(values) / len(values), 3) for name, values in sums.items()})
            sums = {}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--start", type=Path, help="exported weights to go on from, instead of random ones")
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("mini.json"))
    options = parser.parse_args()
    options.run.mkdir(parents=True, exist_ok=True)
    config = json.loads(options.config.read_text())
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    torch.manual_seed(config["training"]["seed"])
    torch.set_flush_denormal(True)
    run = Run(Corpus(options.corpus, config["training"]["seed"]), config)
    if options.start:
        load_official(run.model, options.start / "model.safetensors")
    if (options.run / "last.pt").exists():
        run.load(options.run / "last.pt")
    train(run, options.run)


if __name__ == "__main__":
    main()
