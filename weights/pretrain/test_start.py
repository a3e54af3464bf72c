"""Training goes on from exported weights with a larger vocabulary: python3 -m unittest test_start."""

import json
import unittest
from pathlib import Path

import torch

from model import Albef
from official import load_official, load_grown
from text import Tokenizer

MINI = Path(__file__).parents[1] / "albef-mini"


class Start(unittest.TestCase):
    @torch.no_grad()
    def test_new_words_begin_as_the_mean_of_their_pieces_and_known_captions_keep_their_features(self):
        config = json.loads((MINI / "config.json").read_text())
        vocabulary = json.loads((MINI / "tokenizer.json").read_text())["model"]["vocab"]
        known = sorted(vocabulary, key=vocabulary.get)
        before = load_official(Albef(config), MINI / "model.safetensors").eval()
        more = [*known[:900], "qzx", *known[900:]]
        larger = Tokenizer(more)
        config["bert_config"]["vocab_size"] = len(more)
        after = Albef(config).eval()
        load_grown(after, MINI, larger)
        table = "word_embeddings"
        pieces = before.text_encoder.bert.embeddings[table].weight[[vocabulary[p] for p in ("q", "##z", "##x")]]
        torch.testing.assert_close(after.text_encoder.bert.embeddings[table].weight[900], pieces.mean(0))
        told = lambda model, tokenizer: model.text(*map(torch.tensor, tokenizer.batch(["a red car", "yellow fruit"])))[1]
        torch.testing.assert_close(told(after, larger), told(before, Tokenizer(known)))


if __name__ == "__main__":
    unittest.main()
