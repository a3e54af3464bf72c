"""Where retrieval fails: python3 examples.py MODEL SET.json [--count 8]. Captions whose picture ranks lowest."""

import argparse
import json
from pathlib import Path

import torch

from official import from_official
from recall import load_set
from text import Tokenizer


@torch.no_grad()
def ranked(model, tokenizer, annotations):
    """Per caption: the caption, the rank of its picture (1 is best) and what the three best pictures show."""
    images, captions, image_of = load_set(annotations, 64)
    ids, mask = map(torch.tensor, tokenizer.batch(captions))
    _, text = model.text(ids, mask)
    image = torch.cat([model.image(images[i : i + 64])[1] for i in range(0, len(images), 64)])
    shown = [entry["caption"][0] for entry in json.loads(annotations.read_text())]
    order = (text @ image.t()).argsort(1, descending=True)
    ranks = (order == image_of[:, None]).float().argmax(1) + 1
    return [
        (caption, int(rank), [shown[i] for i in best[:3]]) for caption, rank, best in zip(captions, ranks, order.tolist())
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("annotations", type=Path)
    parser.add_argument("--count", type=int, default=8)
    options = parser.parse_args()
    config = json.loads((options.model / "config.json").read_text())
    vocabulary = json.loads((options.model / "tokenizer.json").read_text())["model"]["vocab"]
    tokenizer = Tokenizer(sorted(vocabulary, key=vocabulary.get))
    model = from_official(config, options.model / "model.safetensors")
    worst = sorted(ranked(model, tokenizer, options.annotations), key=lambda found: -found[1])
    for caption, rank, best in worst[: options.count]:
        print(f"{caption}: ranked {rank}, best: {', '.join(best)}")


if __name__ == "__main__":
    main()
