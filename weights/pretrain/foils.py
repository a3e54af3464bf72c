"""Sentence pairs about scenes, one true and one nearly so: python3 foils.py MODEL TASKS. TASKS is made by data/tasks.py.

Prints how often a model ranks the true sentence above the false one, by what differs, for ITC and for ITM; chance is 50 %.
"""

import json
import re
import sys
from collections import defaultdict
from pathlib import Path

import torch

from official import from_official
from recall import load_image
from text import Tokenizer

KINDS = {
    "position": r"\b(left of|right of|above|below)\b",
    "colour": r"^the \w+ is \w+$",
    "number": r"^the picture shows\b",
    "presence": r"^there is\b",
}


def sentence_pairs(tasks):
    """(image path, true sentence, false sentence, kind) from the visual entailment file."""
    said = defaultdict(dict)
    for entry in json.loads((tasks / "ve-held-out.json").read_text()):
        said[entry["image"]][entry["label"]] = entry["sentence"]
    for image, texts in said.items():
        kind = next(name for name, pattern in KINDS.items() if re.search(pattern, texts["entailment"]))
        yield tasks / image, texts["entailment"], texts["contradiction"], kind


@torch.no_grad()
def scores(model, tokenizer, path, sentences):
    """ITC similarities and ITM logits of sentences with one picture."""
    plain = [re.sub(r"[^a-z0-9]+", " ", sentence.lower()).strip() for sentence in sentences]
    ids, mask = map(torch.tensor, tokenizer.batch(plain))
    image, image_feature = model.image(load_image(path, 64)[None])
    text, text_feature = model.text(ids, mask)
    logits = model.match(text, mask, image.expand(len(ids), -1, -1))
    return (text_feature @ image_feature.t())[:, 0], logits[:, 1] - logits[:, 0]


def main(folder, tasks):
    config = json.loads((folder / "config.json").read_text())
    model = from_official(config, folder / "model.safetensors")
    vocabulary = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
    tokenizer = Tokenizer(sorted(vocabulary, key=vocabulary.get))
    right = defaultdict(list)
    for path, true, false, kind in sentence_pairs(tasks):
        found = scores(model, tokenizer, path, [true, false])
        right[kind].append([float(values[0] > values[1]) for values in found])
    for kind in KINDS:
        if right[kind]:
            itc, itm = (100 * sum(column) / len(column) for column in zip(*right[kind]))
            print(f"{kind}: {len(right[kind])} pairs, ITC {itc:.1f} %, ITM {itm:.1f} %")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
