"""Scenes and what is said of them, on a corpus of plain shapes: python3 -m unittest test_scenes."""

import random
import unittest

import numpy as np

from build import COLOUR_STYLES
from colours import dominant
from english import plural
from scenes import KIND, NAMES, SETTINGS, SIDE, above, compose, cut_outs, left_of
from statements import claims, count, pair_claims, phrases, questions, related


def plain_corpus():
    """Every thing in every style as a disc of one colour, half of the pictures held out."""
    concepts = [{"id": label, "label": label} for label in NAMES]
    pictures = [
        {"style": style, "concept": c["id"], "split": "held-out" if i % 2 else "train"}
        for c in concepts
        for i, style in enumerate(COLOUR_STYLES)
    ]
    y, x = np.mgrid[:64, :64] - 31.5
    pixels = np.zeros((len(pictures), 64, 64, 4), np.uint8)
    pixels[..., 3] = 255 * (x * x + y * y < 900)
    pixels[..., :3] = np.random.default_rng(1).integers(0, 256, (len(pictures), 1, 1, 3))
    photos = [{"id": name} for part in SETTINGS.values() for name in part]
    return (
        {"concepts": concepts, "pictures": pictures, "photos": photos},
        pixels,
        np.zeros((len(photos), 128, 128, 3), np.uint8),
    )


class Scenes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.corpus, cls.pixels, cls.photos = plain_corpus()
        cls.scenes = [compose(cls.corpus, cls.pixels, cls.photos, "train", i) for i in range(60)]

    def test_the_parts_share_no_drawing_and_no_photograph(self):
        rows = [{row for found in cut_outs(self.corpus, part).values() for row in found} for part in SETTINGS]
        self.assertFalse(rows[0] & rows[1])
        self.assertFalse(set(SETTINGS["train"]) & set(SETTINGS["held-out"]))

    def test_one_number_gives_one_scene(self):
        again = compose(self.corpus, self.pixels, self.photos, "train", 7)
        self.assertEqual(again["things"], self.scenes[7]["things"])
        self.assertEqual(again["image"].tobytes(), self.scenes[7]["image"].tobytes())

    def test_each_thing_lies_in_its_box_and_no_boxes_meet(self):
        for scene in self.scenes:
            shown = np.asarray(scene["image"]).max(-1) > 40  # the photographs are black
            for index, thing in enumerate(scene["things"]):
                x, y, w, h = thing["box"]
                self.assertTrue(0 <= x and 0 <= y and x + w <= SIDE and y + h <= SIDE)
                for other in scene["things"][:index]:
                    self.assertTrue(
                        x >= sum(other["box"][::2])
                        or other["box"][0] >= x + w
                        or y >= other["box"][1] + other["box"][3]
                        or other["box"][1] >= y + h
                    )
                shown[y : y + h, x : x + w] = False
            self.assertFalse(shown.any())

    def test_relations_are_exclusive(self):
        for scene in self.scenes:
            for first, relation, second in related(scene):
                facts = {"left of": left_of(first, second), "right of": left_of(second, first)}
                facts |= {"above": above(first, second), "below": above(second, first)}
                self.assertEqual([name for name, holds in facts.items() if holds], [relation])

    def test_counts_and_names_are_answered_as_placed(self):
        for index, scene in enumerate(self.scenes):
            for question, answer in questions(scene, random.Random(index)):
                if question.startswith("how many"):
                    name = next(n for n in KIND if f"many {plural(n)} are" in question)
                    self.assertEqual(int(answer), sum(thing["name"] == name for thing in scene["things"]))
                elif question.startswith("is there"):
                    self.assertEqual(answer == "yes", any(f" {t['name']} in" in question for t in scene["things"]))

    def test_claims_differ_and_phrases_name_one_box(self):
        for index, scene in enumerate(self.scenes):
            self.assertTrue(all(true != wrong for true, wrong in claims(scene, random.Random(index))))
            boxes = [thing["box"] for thing in scene["things"]]
            self.assertTrue(all(boxes.count(box) == 1 for _, box in phrases(scene)))

    def test_statements_about_pairs(self):
        thing = lambda name: {"name": name, "colour": None, "box": [0, 0, 9, 9]}
        left, right = {"things": [thing("cat"), thing("cat")]}, {"things": [thing("cat"), thing("dog")]}
        said = dict(text for seed in range(200) for text in pair_claims(left, right, random.Random(seed)).values())
        self.assertTrue(said["both images show a cat"])
        self.assertFalse(said["both images show a dog"])
        self.assertTrue(said["the left image shows more cats than the right image"])
        self.assertTrue(said["there are exactly three cats in total"])
        self.assertFalse(said["there are exactly two cats in total"])
        self.assertTrue(said["one image shows a cat and the other shows a dog"])
        self.assertFalse(said["one image shows a dog and the other shows a dog"])
        self.assertEqual(count(left, "cat"), 2)

    def test_colour_words(self):
        solid = lambda *rgb: dominant(np.broadcast_to(np.array(rgb, float), (1, 64, 64, 3)), np.ones((1, 64, 64)))[0]
        shown = [solid(0.9, 0.1, 0.1), solid(0.2, 0.7, 0.2), solid(0.1, 0.2, 0.9), solid(1, 1, 1), solid(0.02, 0.02, 0.02)]
        self.assertEqual(shown, ["red", "green", "blue", "white", "black"])
        self.assertEqual(solid(0.5, 0.3, 0.15), "brown")


if __name__ == "__main__":
    unittest.main()
