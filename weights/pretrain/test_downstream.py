"""The downstream models against recorded results of the official code: python3 -m unittest test_downstream."""

import json
import random
import string
import unittest
from pathlib import Path

import numpy as np
import torch

import safetensors_file
import teach
from downstream import Downstream, Pairs
from model import Albef
from test_scenes import plain_corpus
from text import SPECIAL, Tokenizer

FIXTURES = Path(__file__).parents[2] / "fixtures"
TIED = ("decoder.weight", "decoder.bias", "position_ids")


def read(path):
    return {name: torch.from_numpy(value.copy()) for name, value in safetensors_file.read(path).items()}


class Recorded:
    """A recorded case: its tensors, and the weights of its online model by the names here."""

    def __init__(self, name):
        self.json = json.loads((FIXTURES / name / "case.json").read_text())
        self.tensors = read(FIXTURES / name / "tensors.safetensors")
        self.config = {**self.json["config"], "bert_config": {**self.json["config"], "initializer_range": 0.02}}
        tiny, weights = read(FIXTURES / "tiny/weights.safetensors"), self.json["weights"]
        found = {key: tiny[source] for key, source in weights["map"].items()}
        if weights.get("extra"):
            found |= read(FIXTURES / name / weights["extra"])
        named = {key.replace("text_encoder.", "text_encoder.bert."): value for key, value in found.items()}
        self.weights = {key: value for key, value in named.items() if "_m." not in key and not key.endswith(TIED)}

    def close(self, name, actual):
        limit = self.json["expected"][f"out.{name}"]
        tolerance = {"atol": limit["atol"], "rtol": limit["rtol"]}
        np.testing.assert_allclose(actual.detach().numpy(), self.tensors[f"out.{name}"].numpy(), **tolerance, err_msg=name)


class OfficialResults(unittest.TestCase):
    def load(self, model, case):
        missing, unexpected = model.load_state_dict(case.weights, strict=False)
        self.assertEqual(unexpected, [])
        return missing

    def test_entailment(self):
        case = Recorded("ve")
        model = Downstream(Albef(case.config), case.config)
        self.assertTrue(all(name.startswith("text_decoder") for name in self.load(model, case)))
        mask = case.tensors["in.attention_mask"]
        fused = model.fused(model.visual_encoder(case.tensors["in.image"]), case.tensors["in.input_ids"], mask)
        case.close("logits", model.entailment(fused))

    def test_answers(self):
        case = Recorded("vqa")
        model = Downstream(Albef(case.config), case.config)
        self.assertTrue(all(name.startswith("cls_head") for name in self.load(model, case)))
        mask, owners = case.tensors["in.question_mask"], case.tensors["in.k"].long()
        states = model.fused(model.visual_encoder(case.tensors["in.image"]), case.tensors["in.question_ids"], mask)
        case.close("question_states", states)
        each = lambda values: values.repeat_interleave(owners, 0)
        plain = model.answers(each(states), each(mask), case.tensors["in.answer_ids"])
        case.close("plain.answer_loss", plain)

    def test_pairs(self):
        case = Recorded("nlvr")
        model = Pairs(Downstream(Albef(case.config), case.config))
        shared = ("crossattention.self.key.", "crossattention.self.value.")  # stored under the name of the first layer
        self.assertTrue(all(any(name in missing for name in shared) for missing in self.load(model, case)))
        images = model.visual_encoder(case.tensors["in.image"]).chunk(2)
        case.close("eval_logits", model(images, case.tensors["in.input_ids"], case.tensors["in.attention_mask"]))


class Teaching(unittest.TestCase):
    def test_what_is_to_learn_learns_and_the_rest_stays(self):
        bert = {"hidden_size": 32, "num_hidden_layers": 2, "fusion_layer": 1, "num_attention_heads": 2, "encoder_width": 32}
        bert |= {"intermediate_size": 64, "layer_norm_eps": 1e-12, "max_position_embeddings": 32, "type_vocab_size": 2}
        vision = {
            "image_res": 64,
            "patch_size": 16,
            "vision_width": 32,
            "vision_depth": 3,
            "vision_heads": 2,
            "mlp_ratio": 2,
        }
        tokens = SPECIAL + [mark + sign for mark in ("", "##") for sign in string.ascii_lowercase + string.digits]
        bert |= {"vocab_size": len(tokens), "initializer_range": 0.02}
        config = {**vision, "embed_dim": 16, "temp": 0.07, "bert_config": bert}
        tokenizer, rng = Tokenizer(tokens), random.Random(0)
        scenes = teach.Scenes(*plain_corpus(), 40, 64)
        single = Downstream(Albef(config), config)
        for model, losses in ((single, teach.single_losses), (Pairs(single), teach.pair_losses)):
            before = {name: value.clone() for name, value in model.state_dict().items()}
            of_batch = lambda model, batch, rng, losses=losses: losses(model, tokenizer, batch, rng)
            steps = teach.learn(model, of_batch, scenes, 1.5, rng, lambda _: None)
            self.assertGreater(steps, 0)
            changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
            still = ("visual_encoder.blocks.1.", "text_encoder.bert.embeddings.", "text_encoder.bert.encoder.layer.0.")
            self.assertFalse([name for name in changed if name.startswith(still)])
            for name in ("visual_encoder.blocks.2.mlp.fc1.weight", "cls_head.0.weight"):
                self.assertIn(name, changed)


if __name__ == "__main__":
    unittest.main()
