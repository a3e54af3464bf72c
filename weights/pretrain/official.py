"""State dicts of the official pre-training model, as albef.js reads and writes them, to and from the model here."""

import json

import numpy as np
import torch

import safetensors_file
from model import Albef
from text import pieces

TABLES = ("word_embeddings.weight", "cls.predictions.bias")
TIED = ("decoder.weight", "decoder.bias", "position_ids")


def to_official(model, positions):
    """Official names without momentum copies and queues: matrices f16, the rest f32."""
    tensors = {}
    for name, value in model.state_dict().items():
        tensors[name] = value.numpy().astype(np.float16 if value.ndim > 1 else np.float32)
    head = "text_encoder.cls.predictions."
    tensors[head + "decoder.weight"] = tensors["text_encoder.bert.embeddings.word_embeddings.weight"]
    tensors[head + "decoder.bias"] = tensors[head + "bias"]
    tensors["text_encoder.bert.embeddings.position_ids"] = np.arange(positions, dtype=np.int64)[None]
    return tensors


def stored_state(path):
    """The tensors of an exported file as float32."""
    stored = {k: v for k, v in safetensors_file.read(path).items() if not k.endswith(TIED)}
    return {k: torch.from_numpy(v.astype(np.float32)) for k, v in stored.items()}


def load_official(model, path):
    """Fill the model with the weights of an exported file and return it."""
    model.load_state_dict(stored_state(path))
    return model


@torch.no_grad()
def grown(state, old, tokenizer):
    """The tensors of a model that knows the tokens `old`, as those of one that knows the tokenizer's.

    What the model did not know begins as the mean of the pieces that it had for it.
    """
    place = {token: i for i, token in enumerate(old)}
    rows = [[place[token]] if token in place else [place[p] for p in pieces(token, place)] for token in tokenizer.tokens]
    extend = lambda value: torch.stack([value[at].mean(0) for at in rows])
    return {name: extend(value) if name.endswith(TABLES) else value for name, value in state.items()}


def load_grown(model, folder, tokenizer):
    """Fill the model with exported weights, of a smaller vocabulary perhaps, and return it."""
    vocabulary = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
    stored = stored_state(folder / "model.safetensors")
    model.load_state_dict(grown(stored, sorted(vocabulary, key=vocabulary.get), tokenizer))
    return model


def from_official(config, path):
    """The model of an exported file, for use without training."""
    return load_official(Albef(config), path).eval().requires_grad_(False)
