"""State dicts of the official pre-training model, as albef.js reads and writes them, to and from the model here."""

import numpy as np
import torch

import safetensors_file
from model import Albef

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


def load_official(model, path):
    """Fill the model with the weights of an exported file, as float32, and return it."""
    stored = {k: v for k, v in safetensors_file.read(path).items() if not k.endswith(TIED)}
    model.load_state_dict({k: torch.from_numpy(v.astype(np.float32)) for k, v in stored.items()})
    return model


def from_official(config, path):
    """The model of an exported file, for use without training."""
    return load_official(Albef(config), path).eval().requires_grad_(False)
