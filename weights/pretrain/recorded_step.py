"""The recorded pre-training case of the official code as a run, for tests: what each step is given, what came out."""

import json
from pathlib import Path

import torch

import safetensors_file
from run import Run

CASE = Path(__file__).parents[2] / "fixtures" / "pretrain-step"
SETTINGS = {"mlm_probability": 0.15, "mlm_weight": 1.0, "itm_weights": (1.0, 1.0), "fusion_stride": 1, "drop": 0.0}
SETTINGS |= {"alpha_now": 0.4, "hardness": 1.0}


class RecordedCase:
    """Owns the tensors of the case."""

    def __init__(self):
        self.case = json.loads((CASE / "case.json").read_text())
        self.tensors = read(CASE / self.case["tensors_file"])
        self.weights = read(CASE / self.case["weights"]["file"])

    def run(self):
        """A run in its joint phase with the case's configuration, before any weights are put in."""
        config, optimizer = self.case["config"], self.case["optimizer"]
        training = {"betas": optimizer["betas"], "weight_decay": optimizer["weight_decay"]}
        training |= {name: config[name] for name in ("queue_size", "momentum")}
        model = {**config, "bert_config": {**config, "initializer_range": 0.02}}
        return Run({"model": model, "training": training}, torch.device("cpu"))

    def begun(self):
        """The run with the recorded weights, momentum copies and queues."""
        run = self.run()
        run.model.load_state_dict({name: self.weights[name] for name in run.model.state_dict()})
        run.enter("joint")
        shared = {
            name: self.weights[momentum_name(name)] for name in run.model.state_dict() if momentum_name(name) in self.weights
        }
        run.teacher.load_state_dict(shared, strict=False)
        run.queue |= {kind: self.weights[f"{kind}_queue"].t().clone() for kind in ("image", "text")}
        run.queue["pointer"] = int(self.weights["queue_ptr"])
        return run

    def batch(self, step):
        given = lambda name: self.tensors[f"in.s{step}.{name}"]
        rows = len(given("image"))
        return {
            "image": given("image"),
            "ids": given("input_ids"),
            "mask": given("attention_mask"),
            "masked_ids": self.tensors[f"out.s{step}.mlm_input_ids"],
            "labels": self.tensors[f"out.s{step}.mlm_labels"],
            "negative_images": given("neg_image_for_text"),
            "negative_texts": given("neg_text_for_image"),
            "concept": torch.arange(rows) + 100 * (step + 1),
        }

    def step(self, run, step):
        """Losses and gradients of one step of a run, and the optimiser's update."""
        for group in run.optimizer.param_groups:
            group["lr"] = self.case["optimizer"]["lr"]
        run.optimizer.zero_grad(set_to_none=True)
        losses = run.losses(self.batch(step), SETTINGS)
        losses["total"].backward()
        gradients = {name: p.grad.clone() for name, p in run.model.named_parameters()}
        run.optimizer.step()
        run.phase_steps += 1
        return losses, gradients


def momentum_name(name):
    head, _, rest = name.partition(".")
    return f"{head}_m.{rest}"


def read(path):
    return {name: torch.from_numpy(value.copy()) for name, value in safetensors_file.read(path).items()}
