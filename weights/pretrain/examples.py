"""Where retrieval fails and what is known: python3 examples.py MODEL SET.json [--count 8 | --words].

Captions whose picture ranks lowest; with --words the captions that their pictures choose first among all of the set
(zero-shot classification), then those among the first five.
"""

import argparse
import json
from pathlib import Path

import torch

from official import from_official
from recall import load_set
from text import Tokenizer


@torch.no_grad()
def compared(model, tokenizer, annotations):
    """Similarities [captions, pictures], captions and the picture of each."""
    images, captions, image_of = load_set(annotations, 64)
    ids, mask = map(torch.tensor, tokenizer.batch(captions))
    _, text = model.text(ids, mask)
    image = torch.cat([model.image(images[i : i + 64])[1] for i in range(0, len(images), 64)])
    return text @ image.t(), captions, image_of


def known(similarity, captions, image_of):
    """Captions by the rank that their own picture gives them: first, among the first five."""
    own = similarity[:, image_of].t()  # [caption's picture, caption]
    ranks = (own > own.diagonal()[:, None]).sum(1).tolist()
    within = lambda low, high: [caption for caption, rank in zip(captions, ranks) if low <= rank < high]
    return within(0, 1), within(1, 5)


def ranked(found, annotations):
    """Per caption: the caption, the rank of its picture (1 is best) and what the three best pictures show."""
    similarity, captions, image_of = found
    entries = json.loads(annotations.read_text())
    shown = [(entry["caption"] or [Path(entry["image"]).stem.replace("-", " ")])[0] for entry in entries]
    order = similarity.argsort(1, descending=True)
    ranks = (order == image_of[:, None]).float().argmax(1) + 1
    return [
        (caption, int(rank), [shown[i] for i in best[:3]]) for caption, rank, best in zip(captions, ranks, order.tolist())
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("annotations", type=Path)
    parser.add_argument("--count", type=int, default=8)
    parser.add_argument("--words", action="store_true")
    options = parser.parse_args()
    config = json.loads((options.model / "config.json").read_text())
    vocabulary = json.loads((options.model / "tokenizer.json").read_text())["model"]["vocab"]
    tokenizer = Tokenizer(sorted(vocabulary, key=vocabulary.get))
    model = from_official(config, options.model / "model.safetensors")
    found = compared(model, tokenizer, options.annotations)
    if options.words:
        for depth, captions in zip(("first", "among the first five"), known(*found)):
            print(f"{depth} ({len(captions)} of {len(found[1])}): {', '.join(captions)}")
        return
    worst = sorted(ranked(found, options.annotations), key=lambda row: -row[1])
    for caption, rank, best in worst[: options.count]:
        print(f"{caption}: ranked {rank}, best: {', '.join(best)}")


if __name__ == "__main__":
    main()
