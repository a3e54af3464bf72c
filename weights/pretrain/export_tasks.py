"""State dicts of what teach.py learnt, under the official names: python3 export_tasks.py RUN OUT.

`albef convert` makes models of them: scenes.safetensors judges sentences and answers questions (official model_ve.py and
model_vqa.py over one encoder), pairs.safetensors judges statements about two pictures (official model_nlvr.py).
"""

import sys
from pathlib import Path

import torch

import safetensors_file

SECOND = ("crossattention.self.key.", "crossattention.self.value.")


def once(state, first, last):
    """Without the second names of what the two layers of a pair share."""
    again = [f"text_encoder.bert.encoder.layer.{layer}.{name}" for layer in range(first + 1, last, 2) for name in SECOND]
    return {name: value for name, value in state.items() if not name.startswith(tuple(again))}


def official(state):
    """Fine-tuned models have no `bert.` in the names of the text encoder."""
    return {name.replace("text_encoder.bert.", "text_encoder."): value.numpy() for name, value in state.items()}


def main(run, out):
    out.mkdir(parents=True, exist_ok=True)
    scenes, pairs = (torch.load(run / f"{name}.pt") for name in ("single", "pairs"))
    last = 1 + max(int(name.split(".")[4]) for name in pairs if name.startswith("text_encoder.bert.encoder.layer."))
    first = next(
        layer for layer in range(last) if f"text_encoder.bert.encoder.layer.{layer}.crossattention.self.key.bias" in pairs
    )
    safetensors_file.write(out / "scenes.safetensors", official(scenes))
    safetensors_file.write(out / "pairs.safetensors", official(once(pairs, first, last)))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
