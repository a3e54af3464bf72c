"""The model against recorded results of the official code: python3 -m unittest test_model."""

import json
import unittest
from pathlib import Path

import numpy as np
import torch

import safetensors_file
from model import Albef

CASE = Path(__file__).parents[2] / "fixtures" / "tiny"
TIED = ("decoder.weight", "decoder.bias", "position_ids")


class OfficialResults(unittest.TestCase):
    def setUp(self):
        self.case = json.loads((CASE / "case.json").read_text())
        config = {**self.case["config"], "bert_config": {**self.case["config"], "initializer_range": 0.02}}
        weights = self.read("weights.safetensors")
        online = {k: v for k, v in weights.items() if "_m." not in k and "queue" not in k and not k.endswith(TIED)}
        self.model = Albef(config)
        self.model.load_state_dict(online)
        self.tensors = self.read("tensors.safetensors")

    def read(self, name):
        return {k: torch.from_numpy(v.copy()) for k, v in safetensors_file.read(CASE / name).items()}

    def close(self, name, actual):
        limit = self.case["expected"][f"out.{name}"]
        expected = self.tensors[f"out.{name}"].numpy()
        np.testing.assert_allclose(actual.detach().numpy(), expected, atol=limit["atol"], rtol=limit["rtol"], err_msg=name)

    def test_every_part(self):
        image, image_feature = self.model.image(self.tensors["in.image"])
        mask = self.tensors["in.attention_mask"]
        text, text_feature = self.model.text(self.tensors["in.input_ids"], mask)
        fused = self.model.text_encoder.bert.fuse(text, mask, image)
        self.close("image_embeds", image)
        self.close("text_embeds", text)
        self.close("image_feat", image_feature)
        self.close("text_feat", text_feature)
        self.close("fusion_embeds", fused)
        self.close("itm_logits", self.model.match(text, mask, image))
        self.close("mlm_logits", self.model.text_encoder.vocabulary_logits(fused))


if __name__ == "__main__":
    unittest.main()
