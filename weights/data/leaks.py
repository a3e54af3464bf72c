"""Whether anything that is measured was trained: python3 leaks.py CORPUS. Fails where there is a leak."""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np

from build import NEAR, signature

MEASURED = ("held-out", "unseen", "dev", "test")


def rows_of(corpus, split):
    return np.array([i for i, row in enumerate(corpus["pictures"]) if row["split"] == split])


def exact_copies(pixels, measured, train):
    """Rows of measured pictures whose pixels some trained picture has, to the last bit."""
    hashes = {hashlib.sha256(pixels[i].tobytes()).digest() for i in train}
    return [i for i in measured if hashlib.sha256(pixels[i].tobytes()).digest() in hashes]


def nearest(thumbs, measured, train):
    """Mean absolute difference [n] of each measured picture's thumbnail to the nearest trained one, 0..255."""
    return np.array([np.abs(thumbs[train] - thumbs[i]).mean(1).min() for i in measured])


def check(corpus, pixels):
    """Lines of a report, and faults: copies anywhere, near-copies of held-out pictures, unseen things that are trained."""
    lines, faults, train = [], [], rows_of(corpus, "train")
    thumbs = signature(np.asarray(pixels))
    for split in MEASURED:
        measured = rows_of(corpus, split)
        copies, distances = exact_copies(pixels, measured, train), nearest(thumbs, measured, train)
        lines.append(
            f"{split}: {len(measured)} pictures, {len(copies)} copies, {(distances < NEAR).sum()} nearer than {NEAR}"
        )
        if copies or split == "held-out" and (distances < NEAR).any():
            faults.append(split)
    styles = {split: {corpus["pictures"][i]["style"] for i in rows_of(corpus, split)} for split in ("train", "dev", "test")}
    things = {split: {corpus["pictures"][i]["concept"] for i in rows_of(corpus, split)} for split in ("train", "unseen")}
    both = [styles["train"] & (styles["dev"] | styles["test"]), things["train"] & things["unseen"]]
    faults += [f"trained and measured: {', '.join(sorted(names))}" for names in both if names]
    return lines, faults


def main(folder):
    corpus = json.loads((folder / "corpus.json").read_text())
    lines, faults = check(corpus, np.load(folder / "images.npy", mmap_mode="r"))
    print("\n".join(lines))
    if faults:
        raise SystemExit(f"leaks: {'; '.join(faults)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
