"""Splits of the corpus leak nothing, and the check for leaks finds what would: python3 -m unittest test_corpus."""

import copy
import unittest

import numpy as np

from build import COLOUR_STYLES, split
from leaks import check


def corpus_of(things=60):
    """Every thing in every colour style and in one style for development; each picture is its own noise."""
    concepts = [{"id": f"{i:x}", "unseen": i % 20 == 0} for i in range(things)]
    rows = [{"style": s, "use": "train", "concept": c["id"]} for s in COLOUR_STYLES for c in concepts]
    rows += [{"style": "other", "use": "dev", "concept": c["id"]} for c in concepts]
    pixels = np.random.default_rng(0).integers(0, 256, (len(rows), 64, 64, 4)).astype(np.uint8)
    cells = np.random.default_rng(1).integers(0, 256, (len(rows), 8, 1, 8, 1, 3))
    pixels[..., :3] = np.broadcast_to(cells, (len(rows), 8, 8, 8, 8, 3)).reshape(len(rows), 64, 64, 3)
    pixels[..., 3] = 255
    return concepts, rows, pixels


class Splits(unittest.TestCase):
    def setUp(self):
        self.concepts, self.rows, self.pixels = corpus_of()

    def parted(self):
        split(self.concepts, self.rows, self.pixels)
        return {"concepts": self.concepts, "pictures": self.rows}

    def count(self, name):
        return sum(row["split"] == name for row in self.rows)

    def test_a_clean_corpus_has_all_parts_and_no_leak(self):
        lines, faults = check(self.parted(), self.pixels)
        self.assertEqual(faults, [])
        self.assertEqual(len(lines), 4)
        self.assertTrue(all(self.count(name) > 0 for name in ("train", "held-out", "unseen", "dev")))
        self.assertEqual(self.count("drop"), 0)

    def test_trained_pictures_like_held_out_ones_are_dropped_and_blank_ones_too(self):
        corpus = self.parted()
        held = next(i for i, row in enumerate(self.rows) if row["split"] == "held-out")
        train = [i for i, row in enumerate(self.rows) if row["split"] == "train"]
        self.pixels[train[0]] = self.pixels[held]
        self.pixels[train[1], ..., 3] = 0
        self.assertEqual(check(corpus, self.pixels)[1], ["held-out"])
        for row, use in zip(self.rows, ["train"] * len(self.rows)):
            row["use"] = "dev" if row["style"] == "other" else use
        self.assertEqual(check(self.parted(), self.pixels)[1], [])
        self.assertEqual([self.rows[i]["split"] for i in train[:2]], ["drop", "drop"])

    def test_a_held_out_drawing_is_not_trained_in_one_colour_either(self):
        many = len(self.rows)
        self.rows += [
            {**row, "style": f"{row['style']}-mono", "kin": row["style"]} for row in self.rows if row["use"] == "train"
        ]
        self.pixels = np.concatenate([self.pixels, self.pixels[: len(self.rows) - many, :, ::-1]])
        self.parted()
        held = {(row["style"], row["concept"]) for row in self.rows if row["split"] == "held-out"}
        dropped = {(row["style"], row["concept"]) for row in self.rows[many:] if row["split"] == "drop"}
        self.assertTrue(held)
        self.assertEqual(dropped, {(f"{style}-mono", concept) for style, concept in held})

    def test_a_maker_or_a_thing_on_both_sides_is_found(self):
        corpus = self.parted()
        for row, change in ((self.rows[-1], {"split": "train"}), (self.rows[0], {"split": "train", "concept": "0"})):
            leaky = copy.deepcopy(corpus)
            leaky["pictures"][self.rows.index(row)].update(change)
            self.assertTrue(any("trained and measured" in fault for fault in check(leaky, self.pixels)[1]), change)


if __name__ == "__main__":
    unittest.main()
