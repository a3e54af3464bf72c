"""Image-text pairs streamed from WebDataset shards: tar files with NAME.webp (or .jpg, .png) and NAME.json side by side.

python3 shards.py ANNOTATIONS.json IMAGES OUT [--pairs 10000] packs the official annotations [{image, caption}] into shards.
NAME.json holds {"caption": text or list of texts}. A folder of shards holds vocab.txt, one token a line. Memory does not
grow with the number of pairs: a process keeps one open shard and a shuffling buffer.
"""

import argparse
import io
import json
import math
import random
import sys
import tarfile
import zlib
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import processes
import shared  # noqa: F401
from augment import normalise
from captions import bag_of_words, dense
from concepts import words
from text import Tokenizer

BUFFER = 1000
PICTURES = ("webp", "jpg", "jpeg", "png")


def write_shards(pairs, out, size):
    """Pack an iterable of (picture bytes, suffix, captions) into out/00000.tar and on; each shard appears complete."""
    out.mkdir(parents=True, exist_ok=True)
    shard, count = None, 0
    for index, (picture, suffix, captions) in enumerate(pairs):
        if index % size == 0:
            finish(shard)
            shard = tarfile.open(out / f"{index // size:05d}.tar.part", "w", format=tarfile.USTAR_FORMAT)
        for ending, data in ((suffix, picture), ("json", json.dumps({"caption": captions}).encode())):
            entry = tarfile.TarInfo(f"{index:09d}.{ending}")
            entry.size = len(data)
            shard.addfile(entry, io.BytesIO(data))
        count += 1
    finish(shard)
    return count


def finish(shard):
    if shard:
        shard.close()
        Path(shard.name).rename(shard.name.removesuffix(".part"))


def read_shard(path):
    """(name, picture bytes, captions) of each pair, in order, reading the file once from front to back."""
    with tarfile.open(path, "r|") as shard:
        name, found = None, {}
        for entry in shard:
            stem, _, ending = entry.name.partition(".")
            if stem != name:
                name, found = stem, {}
            found["json" if ending == "json" else "picture" if ending in PICTURES else "other"] = shard.extractfile(
                entry
            ).read()
            if "json" in found and "picture" in found:
                captions = json.loads(found["json"])["caption"]
                yield f"{path.stem}/{name}", found["picture"], [captions] if isinstance(captions, str) else captions
                name, found = None, {}


def random_crop(image, size, rng):
    """Random resized crop of the official pre-training (area 0.2 to 1, aspect 3/4 to 4/3) and flip -> [3, size, size]."""
    width, height = image.size
    for _ in range(10):
        area = rng.uniform(0.2, 1.0) * width * height
        aspect = math.exp(rng.uniform(math.log(3 / 4), math.log(4 / 3)))
        w, h = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if w <= width and h <= height:
            break
    else:
        w = h = min(width, height)
    left, upper = rng.randint(0, width - w), rng.randint(0, height - h)
    cropped = image.resize((size, size), Image.BICUBIC, box=(left, upper, left + w, upper + h))
    if rng.random() < 0.5:
        cropped = cropped.transpose(Image.FLIP_LEFT_RIGHT)
    return normalise(torch.from_numpy(np.asarray(cropped).copy()).permute(2, 0, 1).float() / 255)


class Shards:
    """Owns the stream of this process: every shard belongs to one process in each epoch, in an order of the epoch."""

    rows = ()  # no pictures are held out; measure exported weights instead

    def __init__(self, folder, size, seed):
        self.paths = sorted(Path(folder).glob("*.tar"))
        if len(self.paths) < processes.world():
            raise SystemExit(
                f"{folder}: {len(self.paths)} shards for {processes.world()} processes, at least one each is needed"
            )
        self.tokenizer = Tokenizer((Path(folder) / "vocab.txt").read_text().split("\n")[:-1])
        self.size, self.rng, self.epoch = size, random.Random(seed), 0
        self.stream, self.buffer = self.pairs(), []

    def pairs(self):
        """Pairs without end."""
        while True:
            order = random.Random(self.epoch).sample(self.paths, len(self.paths))  # the same in every process
            for path in order[processes.rank() :: processes.world()]:
                yield from read_shard(path)
            self.epoch += 1

    def state(self):
        return self.rng.getstate(), self.epoch

    def restore(self, state):
        """Go on with the epoch that was under way, from its beginning."""
        random_state, self.epoch = state
        self.rng.setstate(random_state)
        self.stream, self.buffer = self.pairs(), []

    def next_pair(self):
        """One pair drawn from the shuffling buffer."""
        while len(self.buffer) < BUFFER:
            self.buffer.append(next(self.stream))
        at = self.rng.randrange(BUFFER)
        found, self.buffer[at] = self.buffer[at], next(self.stream)
        return found

    def batch(self, size, strength, kind, scenes, alike=0):
        """One batch as Corpus.batch gives it, without foils; strength, kind and scenes are for drawings alone."""
        images, captions, numbers = [], [], []
        for name, picture, texts in (self.next_pair() for _ in range(size)):
            images.append(random_crop(Image.open(io.BytesIO(picture)).convert("RGB"), self.size, self.rng))
            captions.append(words(self.rng.choice(texts)))
            numbers.append(zlib.crc32(name.encode()))
        ids, mask = map(torch.tensor, self.tokenizer.batch(captions))
        bags = [bag_of_words({"label": caption, "tags": []}, caption, self.tokenizer) for caption in captions]
        return {
            "image": torch.stack(images),
            "ids": ids,
            "mask": mask,
            "foil_ids": ids,
            "foil_mask": mask,
            "foiled": torch.zeros(size, dtype=torch.bool),
            "concept": torch.tensor(numbers),
            "bags": dense(bags, len(self.tokenizer.tokens)),
        }


def annotated(annotations, images):
    """Pairs of the official annotation format."""
    for index, entry in enumerate(json.loads(annotations.read_text())):
        path = images / entry["image"]
        yield path.read_bytes(), path.suffix[1:].lower(), entry["caption"]
        if index % 1000 == 0:
            print(f"packed {index}", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("annotations", type=Path)
    parser.add_argument("images", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--pairs", type=int, default=10_000, help="pairs in a shard")
    options = parser.parse_args()
    print(write_shards(annotated(options.annotations, options.images), options.out, options.pairs), "pairs")


if __name__ == "__main__":
    main()
