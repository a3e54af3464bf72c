"""The built corpus in memory and batches of it."""

import json
import random
from pathlib import Path

import numpy as np
import torch

from augment import augment, crop_photos
from captions import all_texts, bag_of_words, dense, framed, free_caption, name_caption
from composed import compose
from text import Tokenizer, reduce_vocabulary

PHOTO_SHARE = 0.04
STYLE_WEIGHT = {"fluent-3d": 1.6, "openclipart": 1.5, "noto-mono": 0.7, "symbola": 0.7}
ONE_COLOUR = (
    "high-contrast",
    "emojione-mono",
    "game-icons",
    "ph",
    "mdi",
    "tabler",
    "lucide",
    "fa6-solid",
    "icon-park",
    "mingcute",
)
STYLE_WEIGHT |= dict.fromkeys(ONE_COLOUR, 0.4)


class Corpus:
    """Owns pixels, concepts and the random streams of batches."""

    def __init__(self, folder, seed):
        folder = Path(folder)
        listed = json.loads((folder / "corpus.json").read_text())
        self.concepts = {c["id"]: c for c in listed["concepts"]}
        self.rows, self.described = listed["pictures"], listed["photos"]
        self.pixels = np.load(folder / "images.npy", mmap_mode="r")
        self.photos = torch.from_numpy(np.load(folder / "photos.npy")).permute(0, 3, 1, 2).float() / 255
        self.small = torch.nn.functional.avg_pool2d(self.photos, 2)
        full = (folder / "vocab.txt").read_text().split("\n")[:-1]
        self.tokenizer = Tokenizer(reduce_vocabulary(full, all_texts(listed["concepts"], self.described)))
        self.number = {name: i for i, name in enumerate([*self.concepts, *(p["id"] for p in self.described)])}
        self.train = [i for i, row in enumerate(self.rows) if row["split"] == "train"]
        drawn = [(self.concepts[self.rows[i]["concept"]], self.rows[i]["style"]) for i in self.train]
        weights = np.array([concept["weight"] * STYLE_WEIGHT.get(style, 1) for concept, style in drawn])
        groups = np.array([concept["group"] for concept, _ in drawn])
        self.groups = sorted(set(groups))
        self.cumulative = {name: np.cumsum(weights * (groups == name)) for name in self.groups}
        self.cumulative[None] = np.cumsum(weights)
        self.rng = random.Random(seed)

    def rgba(self, indices):
        """[n, 4, 64, 64] float32 in [0, 1]."""
        return torch.from_numpy(self.pixels[np.asarray(indices)]).permute(0, 3, 1, 2).float() / 255

    def draw(self, count, alike=0):
        """Row indices of distinct concepts, by weight; the first ones, `alike` in number, of one group of concepts."""
        group = self.rng.choice(self.groups)
        taken, chosen = set(), []
        while len(chosen) < count:
            cumulative = self.cumulative[group if len(chosen) < alike else None]
            at = np.searchsorted(cumulative, self.rng.random() * cumulative[-1], side="right")
            index = self.train[min(int(at), len(self.train) - 1)]
            concept = self.rows[index]["concept"]
            if concept not in taken:
                taken.add(concept)
                chosen.append(index)
        return chosen

    def state(self):
        return self.rng.getstate()

    def restore(self, state):
        self.rng.setstate(state)

    def batch(self, size, strength, kind, scenes, alike=0):
        """One batch; kind "free" allows captions of keywords alone, "name" does not. A share of it shows scenes.

        Of the drawings, the share `alike` is of one group (animals, food, ...), so that wrong pairs are hard to tell.

        "foil" holds, for scenes, a sentence that is nearly right but wrong; other rows repeat their caption there.
        """
        composed, shots = round(size * scenes), max(1, round(size * PHOTO_SHARE))
        parts = [self.drawings(size - shots - composed, strength, kind, alike), self.photographs(shots)]
        if composed:
            parts.insert(1, self.composed(composed, strength))
        rows = [row for _, described in parts for row in described]
        captions, foils = [row["caption"] for row in rows], [row.get("foil", row["caption"]) for row in rows]
        ids, mask = map(torch.tensor, self.tokenizer.batch(captions + foils))
        return {
            "image": torch.cat([images for images, _ in parts]),
            "ids": ids[: len(rows)],
            "mask": mask[: len(rows)],
            "foil_ids": ids[len(rows) :],
            "foil_mask": mask[len(rows) :],
            "foiled": torch.tensor(["foil" in row for row in rows]),
            "concept": torch.tensor([row["number"] for row in rows]),
            "bags": dense([row["bag"] for row in rows], len(self.tokenizer.tokens)),
        }

    def drawings(self, count, strength, kind, alike):
        """Pictures of one thing each."""
        indices = self.draw(count, round(count * alike))
        images, views = augment(self.rgba(indices), self.small, strength)
        write, described = free_caption if kind == "free" else name_caption, []
        for row, view in zip((self.rows[i] for i in indices), views):
            concept = self.concepts[row["concept"]]
            caption = write(concept, {**view, "style": row["style"]}, self.rng)
            bag = bag_of_words(concept, caption, self.tokenizer)
            described.append({"caption": framed(caption, self.rng), "bag": bag, "number": self.number[row["concept"]]})
        return images, described

    def photographs(self, count):
        picked = self.rng.sample(range(len(self.photos)), count)
        described = []
        for photo in (self.described[i] for i in picked):
            caption = self.rng.choice(photo["captions"])
            bag = bag_of_words({"label": caption, "tags": photo["captions"]}, caption, self.tokenizer)
            described.append({"caption": caption, "bag": bag, "number": self.number[photo["id"]]})
        return crop_photos(self.photos[picked], self.pixels.shape[1]), described

    def composed(self, count, strength):
        """Scenes; each is a concept of its own."""
        indices = self.draw(round(count * 1.8))
        labels = [self.concepts[self.rows[i]["concept"]]["label"] for i in indices]
        images, said = compose(self.rgba(indices), labels, self.small, strength, self.rng)
        described = []
        for caption, foil in said[:count]:
            bag = bag_of_words({"label": caption, "tags": []}, caption, self.tokenizer)
            number = len(self.number) + self.rng.getrandbits(48)
            described.append({"caption": caption, "foil": foil, "bag": bag, "number": number})
        return images[: len(described)], described
