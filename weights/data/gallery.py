"""Write the demo gallery and the evaluation sets: python3 gallery.py CORPUS. The corpus is built by build.py first."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from build import COLOUR_STYLES
from concepts import digest
from fetch import HERE, fetch_all
from sets import pictures_of

SIDE, LIMIT = 192, 300
PREFERRED = ("fluent-3d", "noto", "twemoji", "emojione", "fxemoji", "noto-v1", "fluent-flat")


PLURAL = (
    "beer mugs", "biceps", "bags", "beads", "books", "cherries", "droplets", "eyes", "fingers", "fireworks", "footprints",
    "fries", "glasses", "grapes", "hands", "hearts", "houses", "jeans", "notes", "pancakes", "paperclips", "peanuts",
    "playing cards", "scissors", "skis", "springs",
)  # fmt: skip
UNCOUNTED = ("santa claus", "skull and crossbones", "tennis")


def with_article(label):
    if label.endswith(PLURAL) and " with " not in label or label in UNCOUNTED:
        return label
    return ("an " if label[0] in "aeiou" else "a ") + label


def slug(text):
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def choose(rows, wanted):
    """One drawing of a concept: the pair that was held out, the untouched style for some, else styles in turn."""
    mine = {row["style"]: row for row in rows if row["split"] != "drop" and row["split"] != "dev"}
    held = [row for row in mine.values() if row["split"] == "held-out"]
    if held:
        return held[0]
    if "streamline" in mine and digest("gallery " + wanted) < 0.2:
        return mine["streamline"]
    start = int(digest("turn " + wanted) * 4)
    order = [*PREFERRED[start:4], *PREFERRED[:start], *PREFERRED[4:]]
    return next((mine[style] for style in order if style in mine), None)


def drawings(corpus, folders, sources):
    """Rows of the gallery and their picture sources, in the order of gallery.txt."""
    by_label = {c["label"]: c for c in corpus["concepts"]}
    rows, items = [], []
    for label in (HERE / "gallery.txt").read_text().split("\n")[:-1]:
        concept = by_label.get(label)
        row = concept and choose([r for r in corpus["pictures"] if r["concept"] == concept["id"]], label)
        if not row:
            print("not drawn by enough makers:", label, file=sys.stderr)
            continue
        source = sources[row["style"]]
        items.append(pictures_of(source, folders[source["package"]], [concept])[concept["id"]][0])
        rows.append({**row, "label": label})
    return rows, items


def render(items, folder):
    """White-backed RGB pictures [n, SIDE, SIDE, 3]."""
    listing, raw = folder / "gallery-list.json", folder / "gallery.rgba"
    listing.write_text(json.dumps(items))
    raw.unlink(missing_ok=True)
    subprocess.run(["node", str(HERE / "render.mjs"), str(listing), str(raw), str(SIDE)], check=True)
    return on_white(np.fromfile(raw, np.uint8).reshape(-1, SIDE, SIDE, 4))


def on_white(pixels):
    """RGBA uint8 [..., 4] composited on white."""
    alpha = pixels[..., 3:].astype(np.float32) / 255
    return np.round(pixels[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)


def save_gallery(corpus, folders, sources, out):
    rows, items = drawings(corpus, folders, sources)
    listed = []
    for row, pixels in zip(rows, render(items, out)):
        source, name = sources[row["style"]], f"{slug(row['label'])}-{row['style']}.webp"
        Image.fromarray(pixels).save(TARGET / "gallery" / name, quality=88, method=6)
        seen = {"test": "style never trained", "held-out": "picture never trained", "unseen": "thing never trained"}
        entry = {"file": name, "caption": with_article(row["label"]), "license": source["license"]}
        entry |= {"source": f"{source['package']} {source['version']}", "author": source["author"]}
        listed.append({**entry, "kind": "drawing", "trained": seen.get(row["split"], "trained")})
    versions = {p["package"]: p["version"] for p in json.loads((HERE / "photos.json").read_text())["packages"]}
    for photo in corpus["photos"]:
        image = Image.open(folders[photo["package"]] / photo["file"]).convert("RGB")
        image.thumbnail((320, 320), Image.LANCZOS)
        image.save(TARGET / "gallery" / f"photo-{photo['id']}.webp", quality=82, method=6)
        entry = {"file": f"photo-{photo['id']}.webp", "caption": photo["captions"][0], "license": photo["license"]}
        entry |= {"source": f"{photo['package']} {versions[photo['package']]}", "author": photo["author"]}
        listed.append({**entry, "kind": "photograph", "trained": "trained"})
    (TARGET / "gallery" / "gallery.json").write_text(json.dumps(listed, indent=2) + "\n")
    return len(listed)


def save_evaluation(corpus, pixels, name, split):
    """One set in the official retrieval format, evenly thinned to LIMIT pictures."""
    labels = {c["id"]: c["label"] for c in corpus["concepts"]}
    shown = (*COLOUR_STYLES, "streamline")
    rows = [(i, r) for i, r in enumerate(corpus["pictures"]) if r["split"] == split and r["style"] in shown]
    if split == "unseen":
        rows = [(i, row) for i, row in rows if row["style"] == "fluent-3d"]
    rows = [rows[int(k * len(rows) / min(LIMIT, len(rows)))] for k in range(min(LIMIT, len(rows)))]
    (TARGET / "eval" / name).mkdir(parents=True, exist_ok=True)
    annotations = []
    for index, row in rows:
        file = f"{name}/{slug(labels[row['concept']])}-{row['style']}.png"
        Image.fromarray(on_white(pixels[index])).save(TARGET / "eval" / file, optimize=True)
        annotations.append({"image": file, "caption": [with_article(labels[row["concept"]])]})
    lines = ",\n".join("  { " + json.dumps(entry)[1:-1] + " }" for entry in annotations)
    (TARGET / "eval" / f"{name}.json").write_text(f"[\n{lines}\n]\n")
    return len(rows)


TARGET = HERE.parent


def main(folder):
    corpus = json.loads((folder / "corpus.json").read_text())
    sources = {s["style"]: s for s in json.loads((HERE / "sources.json").read_text())["pictures"]}
    (TARGET / "gallery").mkdir(exist_ok=True)
    print("gallery", save_gallery(corpus, fetch_all(folder / "packages"), sources, folder))
    pixels = np.load(folder / "images.npy", mmap_mode="r")
    for name, split in (("held-out", "held-out"), ("unseen-style", "test"), ("unseen-concepts", "unseen")):
        print(name, save_evaluation(corpus, pixels, name, split))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
