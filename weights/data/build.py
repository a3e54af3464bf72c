"""Build the corpus: python3 build.py OUT. Writes images.npy, photos.npy, corpus.json, vocab.txt and NOTICE."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from concepts import digest, load_concepts, words
from fetch import HERE, fetch_all
from sets import pictures_of

SIZE = 64
NEAR = 6  # mean difference of thumbnails, of 255, under which two drawings count as one
BLANK = 0.02  # share of the pixels under which a drawing came out as next to nothing
COLOUR_STYLES = ("noto", "noto-v1", "twemoji", "fluent-flat", "fluent-3d", "emojione", "fxemoji")


def collect(folders, concepts):
    """All (style, concept) pictures of concepts that at least five colour styles drew."""
    sources = json.loads((HERE / "sources.json").read_text())["pictures"]
    per_style = {}
    for source in sources:
        per_style[source["style"]] = pictures_of(source, folders[source["package"]], concepts)
        print(source["style"], len(per_style[source["style"]]), file=sys.stderr)
    kept = [c for c in concepts if sum(c["id"] in per_style[s] for s in COLOUR_STYLES) >= 5]
    rows = []
    for source in sources:
        for concept in kept:
            for item in per_style[source["style"]].get(concept["id"], []):
                row = {"style": source["style"], "use": source["use"], "concept": concept["id"], "item": item}
                rows.append({**row, "kin": source.get("kin")})
    return kept, rows


def render(rows, out):
    """RGBA pixels [n, 64, 64, 4] uint8 of all rows; a rendering of the same list that was stopped goes on."""
    listing, raw = out / "render.json", out / "render.rgba"
    wanted = json.dumps([row.pop("item") for row in rows])
    if not listing.exists() or listing.read_text() != wanted:
        raw.unlink(missing_ok=True)
        listing.write_text(wanted)
    subprocess.run(["node", str(HERE / "render.mjs"), str(listing), str(raw), str(SIZE)], check=True)
    return np.fromfile(raw, np.uint8).reshape(-1, SIZE, SIZE, 4)


def signature(pixels):
    """Small grey-free thumbnails on white [n, 8*8*3] for the near-duplicate test."""
    alpha = pixels[..., 3:].astype(np.float32) / 255
    shown = pixels[..., :3] * alpha + 255 * (1 - alpha)
    return shown.reshape(len(pixels), 8, 8, 8, 8, 3).mean((2, 4)).reshape(len(pixels), -1)


def split(concepts, rows, pixels):
    """Mark each picture train, held-out (a pair never trained), unseen (concept), dev or test (style), or drop."""
    unseen = {c["id"] for c in concepts if c["unseen"]}
    covered = (pixels[..., 3] > 127).mean((1, 2))
    thumbs = signature(pixels)
    held = []
    for index, row in enumerate(rows):
        row["split"] = row["use"] if row["use"] != "train" else "unseen" if row["concept"] in unseen else "train"
        wanted = (
            COLOUR_STYLES[int(digest("style " + row["concept"]) * 5)] if digest("pair " + row["concept"]) < 0.45 else None
        )
        if row["split"] == "train" and row["style"] == wanted:
            row["split"] = "held-out"
            held.append(index)
        kin = row.pop("kin", None)  # the maker whose drawings these are in one colour
        if row["split"] == "train" and (covered[index] < BLANK or kin and kin == wanted):
            row["split"] = "drop"
    train = np.array([i for i, row in enumerate(rows) if row["split"] == "train"])
    for index in held:
        distance = np.abs(thumbs[train] - thumbs[index]).mean(1)
        for near in train[distance < NEAR]:
            rows[near]["split"] = "drop"
    for row in rows:
        del row["use"]


def photographs(folders):
    """Photographs as squares [n, 128, 128, 3] uint8 and their descriptions."""
    listed = json.loads((HERE / "photos.json").read_text())["photos"]
    shown = [Image.open(folders[p["package"]] / p["file"]).convert("RGB") for p in listed]
    squares = [np.asarray(image.resize((128, 128), Image.BICUBIC)) for image in shown]
    return np.stack(squares), [{**p, "captions": [words(c) for c in p["captions"]]} for p in listed]


def vocabulary(folders):
    """The bert-base-uncased vocabulary in its original order."""
    stored = json.loads((folders["bert-tokenizer"] / "package/assets/vocab.json").read_text())
    plain = [t[1:] if t.startswith("▁") else t if re.fullmatch(r"\[.*\]", t) else "##" + t for t in stored]
    plain[1] = "[unused0]"
    return plain


def credits(used=None):
    """One line per source of pictures, of all or of the styles and photographs that are named."""
    sources = json.loads((HERE / "sources.json").read_text())["pictures"]
    photos = json.loads((HERE / "photos.json").read_text())["photos"]
    chosen = lambda items, key: [item for item in items if used is None or item[key] in used]
    line = "{package} {version}: drawings by {author}, {license} ({use})"
    shot = "{package} ({id}): photograph, {author}, {license} (train)"
    return [line.format(**s) for s in chosen(sources, "style")] + ["", *(shot.format(**p) for p in chosen(photos, "id"))]


def notice():
    """One line per source of pictures or words."""
    sources = json.loads((HERE / "sources.json").read_text())
    text, shots = sources["text"], sources["photographs"]
    measured = f"{shots['package']} {shots['version']}: photographs, {shots['license']} (test); each in eval/NOTICE"
    words_of = [f"{s['package']} {s['version']}: words, {s['license']}" for s in text]
    head = "Sources of the pictures and words albef-mini was trained and measured with. "
    head += "Pictures marked (dev) and (test) were never trained."
    return "\n".join([head, "", *credits(), measured, "", *words_of, ""])


def main(out):
    out.mkdir(parents=True, exist_ok=True)
    folders = fetch_all(out / "packages")
    concepts, rows = collect(folders, load_concepts(folders))
    pixels = render(rows, out)
    split(concepts, rows, pixels)
    photos, described = photographs(folders)
    np.save(out / "images.npy", pixels)
    np.save(out / "photos.npy", photos)
    corpus = {"concepts": concepts, "pictures": rows, "photos": described}
    (out / "corpus.json").write_text(json.dumps(corpus))
    (out / "vocab.txt").write_text("\n".join(vocabulary(folders)) + "\n")
    (out / "NOTICE").write_text(notice())
    for name in ("train", "held-out", "unseen", "dev", "test", "drop"):
        print(name, sum(row["split"] == name for row in rows), file=sys.stderr)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
