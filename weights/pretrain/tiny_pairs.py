"""A tiny configuration and corpus for tests: coloured squares with their names."""

import io

import numpy as np
from PIL import Image

from shards import write_shards
from text import SPECIAL

COLOURS = {"red": (220, 30, 30), "green": (30, 200, 30), "blue": (30, 30, 220), "white": (250, 250, 250)}
CONFIG = {
    "model": {
        "image_res": 16,
        "patch_size": 8,
        "vision_width": 16,
        "vision_depth": 1,
        "vision_heads": 2,
        "mlp_ratio": 2,
        "embed_dim": 16,
        "temp": 0.07,
        "bert_config": {
            "vocab_size": 12,
            "hidden_size": 16,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "intermediate_size": 32,
            "layer_norm_eps": 1e-12,
            "max_position_embeddings": 16,
            "type_vocab_size": 2,
            "initializer_range": 0.02,
            "fusion_layer": 1,
            "encoder_width": 16,
        },
    },
    "training": {
        "seed": 3,
        "seconds": 6,
        "checkpoint_seconds": 1,
        "contrast_until": 0.3,
        "fusion_until": 0.5,
        "batch": {"contrast": 8, "fusion": 8, "joint": 8},
        "lr": {"contrast": 1e-3, "fusion": 1e-3, "joint": 1e-3},
        "weight_decay": 0.02,
        "betas": [0.9, 0.98],
        "clip": 3.0,
        "lr_end": {"contrast": 0.4, "fusion": 0.4, "joint": 0.01},
        "drop_patches": {"contrast": 0, "fusion": 0, "joint": 0},
        "drop_until": {"contrast": 1, "fusion": 1, "joint": 1},
        "fusion_stride": 1,
        "queue_size": 32,
        "momentum": 0.9,
        "alpha": 0.4,
        "alpha_until": 0.001,
        "mlm_probability": 0.3,
        "mlm_weight": 1.0,
        "itm_weights": [1.0, 1.0],
        "strength": 1.0,
        "scene_share": {"contrast": 0, "fusion": 0, "joint": 0},
        "alike": 0,
        "start_fusion": True,
        "k_test": 0,
    },
}


def write_tiny(folder, pairs, per_shard):
    """Shards of noisy squares; the same arguments give the same files."""
    noise = np.random.default_rng(0)

    def made():
        for index in range(pairs):
            name, colour = list(COLOURS.items())[index % len(COLOURS)]
            pixels = np.clip(np.array(colour) + noise.integers(-20, 20, (20, 20, 3)), 0, 255).astype(np.uint8)
            data = io.BytesIO()
            Image.fromarray(pixels).save(data, "png")
            yield data.getvalue(), "png", [f"a {name} square", f"{name} thing"]

    write_shards(made(), folder, per_shard)
    (folder / "vocab.txt").write_text("\n".join([*SPECIAL, "a", "square", "thing", *COLOURS]) + "\n")
