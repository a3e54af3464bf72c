"""The built corpus in memory and batches of it."""

import json
import random
from pathlib import Path

import numpy as np
import torch

from augment import augment, crop_photos
from captions import all_texts, bag_of_words, free_caption, name_caption
from text import Tokenizer, reduce_vocabulary

PHOTO_SHARE = 0.04
STYLE_WEIGHT = {"fluent-3d": 1.6, "high-contrast": 0.4, "emojione-mono": 0.4}


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
        self.cumulative = np.cumsum([concept["weight"] * STYLE_WEIGHT.get(style, 1) for concept, style in drawn])
        self.rng = random.Random(seed)

    def rgba(self, indices):
        """[n, 4, 64, 64] float32 in [0, 1]."""
        return torch.from_numpy(self.pixels[np.asarray(indices)]).permute(0, 3, 1, 2).float() / 255

    def draw(self, count):
        """Row indices of distinct concepts, by weight."""
        taken, chosen = set(), []
        while len(chosen) < count:
            at = np.searchsorted(self.cumulative, self.rng.random() * self.cumulative[-1])
            index = self.train[min(int(at), len(self.train) - 1)]
            concept = self.rows[index]["concept"]
            if concept not in taken:
                taken.add(concept)
                chosen.append(index)
        return chosen

    def batch(self, size, strength, kind):
        """One batch; kind "free" allows captions of keywords alone, "name" does not."""
        shots = max(1, round(size * PHOTO_SHARE))
        indices = self.draw(size - shots)
        images, views = augment(self.rgba(indices), self.small, strength)
        picked = self.rng.sample(range(len(self.photos)), shots)
        images = torch.cat([images, crop_photos(self.photos[picked], images.shape[-1])])
        captions, bags, numbers = [], [], []
        write = free_caption if kind == "free" else name_caption
        for index, view in zip(indices, views):
            row = self.rows[index]
            concept = self.concepts[row["concept"]]
            captions.append(write(concept, {**view, "style": row["style"]}, self.rng))
            bags.append(bag_of_words(concept, captions[-1], self.tokenizer))
            numbers.append(self.number[row["concept"]])
        for photo in map(self.described.__getitem__, picked):
            captions.append(self.rng.choice(photo["captions"]))
            bags.append(bag_of_words({"label": captions[-1], "tags": photo["captions"]}, captions[-1], self.tokenizer))
            numbers.append(self.number[photo["id"]])
        ids, mask = map(torch.tensor, self.tokenizer.batch(captions))
        return {"image": images, "ids": ids, "mask": mask, "concept": torch.tensor(numbers), "bags": self.dense(bags)}

    def dense(self, bags):
        """Bags as rows [n, V] that sum to 1."""
        target = torch.zeros(len(bags), len(self.tokenizer.tokens))
        for row, bag in enumerate(bags):
            target[row, list(bag)] = torch.tensor(list(bag.values()))
        return target / target.sum(1, keepdim=True)
