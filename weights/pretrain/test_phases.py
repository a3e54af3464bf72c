"""What learns in which phase: python3 -m unittest test_phases."""

import copy
import tempfile
import unittest
from pathlib import Path

import torch

from run import Run
from schedule import settings_of
from shards import Shards
from tiny_pairs import CONFIG, write_tiny


class FusionPhase(unittest.TestCase):
    def test_the_encoders_stay_as_they_are_whatever_the_texts(self):
        with tempfile.TemporaryDirectory() as scratch:
            write_tiny(Path(scratch), 64, 16)
            batch = Shards(Path(scratch), 16, 1).batch(8, 1.0, "name", 0.0)
        batch["foiled"][:4] = True  # as scenes have them
        torch.manual_seed(0)
        run = Run(copy.deepcopy(CONFIG), torch.device("cpu"))
        run.enter("fusion")
        for group in run.optimizer.param_groups:
            group["lr"] = 1e-2
        before = copy.deepcopy(run.model.state_dict())
        run.losses(batch, settings_of("fusion", 0.5, run.training))["total"].backward()
        run.optimizer.step()
        fused = f"encoder.layer.{CONFIG['model']['bert_config']['fusion_layer']}."
        learns = ("itm_head", "text_encoder.cls", f"text_encoder.bert.{fused}")
        for name, value in run.model.state_dict().items():
            self.assertEqual(name.startswith(learns), not torch.equal(value, before[name]), name)


if __name__ == "__main__":
    unittest.main()
