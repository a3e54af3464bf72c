"""Readers that the evaluation sets need, and the sets as they are stored: python3 -m unittest test_evaluation."""

import json
import struct
import unittest
import zlib
from pathlib import Path

from evaluation import TEMPLATES, licences
from qres import files

EVAL = Path(__file__).parents[1] / "eval"


def collection(plain, packed):
    """A resource collection with a/plain as it is and a/packed compressed."""
    names, offsets = b"", []
    for name in ("a", "plain", "packed"):
        offsets.append(len(names))
        names += struct.pack(">HI", len(name), 0) + name.encode("utf-16-be")
    deflated = struct.pack(">I", len(packed)) + zlib.compress(packed)
    payload = struct.pack(">I", len(plain)) + plain + struct.pack(">I", len(deflated)) + deflated
    tree = struct.pack(">IHII", 0, 2, 1, 1) + struct.pack(">IHII", offsets[0], 2, 2, 2)
    tree += struct.pack(">IHHHI", offsets[1], 0, 0, 0, 0) + struct.pack(">IHHHI", offsets[2], 1, 0, 0, 4 + len(plain))
    start = 20 + len(payload)
    return struct.pack(">4sIIII", b"qres", 1, start, 20, start + len(tree)) + payload + tree + names


class Readers(unittest.TestCase):
    def test_files_of_a_resource_collection(self):
        self.assertEqual(dict(files(collection(b"one", b"two" * 9))), {"/a/plain": b"one", "/a/packed": b"two" * 9})
        with self.assertRaisesRegex(ValueError, "no Qt resource collection"):
            dict(files(b"PK" + bytes(30)))

    def test_every_file_of_a_readme_has_its_licence(self):
        readme = "Copyright: A B\nSource: https://a\nLicense: CC0-1.0\nFiles:\none.webp\n\nLicense: GPL\nFiles:\ntwo.webp\n"
        found = licences(readme)
        self.assertEqual(found["one"], ("A B", "CC0-1.0", "https://a"))
        self.assertEqual(found["two"][1], "GPL")


class Sets(unittest.TestCase):
    def setUp(self):
        self.sets = {path.stem: json.loads(path.read_text()) for path in EVAL.glob("*.json")}

    def test_every_picture_is_there_and_is_asked_for_once_at_most(self):
        for name, entries in self.sets.items():
            asked = [caption for entry in entries for caption in entry["caption"]]
            self.assertTrue(all((EVAL / entry["image"]).exists() for entry in entries), name)
            self.assertEqual(len(asked), len(set(asked)), name)
            self.assertEqual(len(entries), len({entry["image"] for entry in entries}), name)

    def test_large_galleries_hold_all_that_the_small_ones_ask_for(self):
        for name in ("held-out", "unseen-style"):
            asked = lambda entries: {(e["image"], *e["caption"]) for e in entries if e["caption"]}
            self.assertLessEqual(asked(self.sets[name]), asked(self.sets[f"{name}-large"]), name)
        self.assertEqual(len(self.sets["held-out-large"]), 1000)

    def test_other_wordings_name_nothing(self):
        names = {entry["image"]: entry["caption"][0] for entry in self.sets["held-out-large"] if entry["caption"]}
        for entry in self.sets["unseen-wording"]:
            for caption in entry["caption"]:
                self.assertNotIn(f" {names[entry['image']].split(' ', 1)[-1]} ", f" {caption} ")
        written = (Path(__file__).parents[1] / "pretrain" / "captions.py").read_text()
        self.assertFalse([template for template in TEMPLATES if template.replace("{}", "").strip() in written])


if __name__ == "__main__":
    unittest.main()
