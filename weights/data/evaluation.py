"""Write the large evaluation sets: python3 evaluation.py CORPUS. The corpus is built by build.py, the small sets by gallery.py.

Galleries of up to 1,000 pictures in which only some are asked for; an entry without a caption is there to be confused with.
"""

import io
import json
import re
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from build import COLOUR_STYLES, SIZE, render
from concepts import digest
from fetch import HERE, fetch
from gallery import TARGET, on_white, slug, with_article
from qres import files
from sets import icon_svg

GALLERY = 1000
TEMPLATES = (
    "can you find {} for me", "somebody drew {}", "i am looking for {}", "my favourite picture of {}",
    "where is {}", "a tiny sketch that shows {}",
)  # fmt: skip
ACTIVITIES = "gcompris/src/activities"
FOLDERS = {
    "animals": ("explore_world_animals/resource/animals", "explore_farm_animals/resource/animals"),
    **{name: (f"categorization/resource/images/{name}",) for name in ("others", "tools", "fishes")},
}


def save_picture(rgb, path):
    """Lossless; a picture that is there already, as in the small sets, is kept. Returns the path below eval."""
    for kept in (path.with_suffix(".png"), path):
        if (TARGET / "eval" / kept).exists():
            return str(kept)
    (TARGET / "eval" / path).parent.mkdir(exist_ok=True)
    Image.fromarray(rgb).save(TARGET / "eval" / path, lossless=True, quality=100, method=6)
    return str(path)


def save_set(name, entries):
    """entries: (image path below eval, captions) -> NAME.json in the official retrieval format."""
    lines = ",\n".join("  " + json.dumps({"image": image, "caption": captions}) for image, captions in entries)
    (TARGET / "eval" / f"{name}.json").write_text(f"[\n{lines}\n]\n")
    print(name, len(entries), "pictures,", sum(len(captions) for _, captions in entries), "captions")


def others(corpus, asked, count):
    """Rows of other things than those asked for, by one colour maker each as long as there are things, then by a second."""
    turns = [{}, {}]
    for index, row in enumerate(corpus["pictures"]):
        if row["style"] in COLOUR_STYLES and row["split"] in ("train", "unseen") and row["concept"] not in asked:
            order = digest(f"gallery of {GALLERY} {row['concept']} {row['style']}")
            turns[0].setdefault(row["concept"], []).append((order, index))
    first = {concept: sorted(found) for concept, found in turns[0].items()}
    once = [found[0][1] for found in first.values()]
    again = sorted(found[1] for found in first.values() if len(found) > 1)
    return once + [index for _, index in again[: count - len(once)]]


def trained_styles(corpus, pixels):
    """Pictures never trained among those of all other things; the same in other words; things never trained among them."""
    labels = {c["id"]: c["label"] for c in corpus["concepts"]}
    held = [i for i, row in enumerate(corpus["pictures"]) if row["split"] == "held-out"]
    asked = {corpus["pictures"][i]["concept"] for i in held}
    shown = []
    for index in held + others(corpus, asked, GALLERY - len(held)):
        row = corpus["pictures"][index]
        folder = "held-out" if row["split"] == "held-out" else "others"
        name = f"{slug(labels[row['concept']])}-{row['style']}"
        shown.append((save_picture(on_white(pixels[index]), Path(folder) / f"{name}.webp"), labels[row["concept"]], row))
    by_split = lambda split: [(image, [with_article(label)] if row["split"] == split else []) for image, label, row in shown]
    save_set("held-out-large", by_split("held-out"))
    save_set("unseen-concepts-large", once_each(by_split("unseen")))
    templates = lambda label: TEMPLATES[int(digest("template " + label) * len(TEMPLATES))].format(with_article(label))
    save_set("unseen-templates", [(image, [templates(said)] if held_out(row) else []) for image, said, row in shown])
    listed = dict(line.split(" | ") for line in (HERE / "wording.txt").read_text().split("\n")[:-1])
    said = lambda label, row: [listed[label]] if held_out(row) and label in listed else []
    save_set("unseen-wording", [(image, said(label, row)) for image, label, row in shown])


def held_out(row):
    return row["split"] == "held-out"


def once_each(entries):
    """Each caption with its first picture alone."""
    seen = set()
    return [(image, [c for c in captions if not (c in seen or seen.add(c))]) for image, captions in entries]


def unseen_style(corpus, pixels, folders, out):
    """All things a maker drew that was never trained, among the other drawings of that maker."""
    labels = {c["id"]: c["label"] for c in corpus["concepts"]}
    rows = [(i, row) for i, row in enumerate(corpus["pictures"]) if row["split"] == "test"]
    source = next(s for s in json.loads((HERE / "sources.json").read_text())["pictures"] if s["use"] == "test")
    icons = json.loads((fetch(source, folders) / "package/icons.json").read_text())
    plain = lambda text: re.sub(r"[^a-z0-9]", "", text.lower())
    known = {plain(labels[row["concept"]]) for _, row in rows}
    rest = [name for name in sorted(icons["icons"]) if plain(re.sub(r"-\d+$", "", name)) not in known]
    (out / "others").mkdir(exist_ok=True)
    drawn = render([{"item": {"svg": icon_svg(icons, name)}} for name in rest], out / "others")
    folder = Path("unseen-style")
    entries = []
    for index, row in rows:
        image = save_picture(on_white(pixels[index]), folder / f"{slug(labels[row['concept']])}-{row['style']}.webp")
        entries.append((image, [with_article(labels[row["concept"]])]))
    entries += [(save_picture(on_white(rgba), folder / f"other-{name}.webp"), []) for name, rgba in zip(rest, drawn)]
    save_set("unseen-style-large", entries)


def licences(readme):
    """{file name: (author, licence, source)} of a README in which each block ends with its files."""
    found = {}
    for block in re.split(r"\n\s*\n", readme):
        value = lambda name: (re.search(rf"^{name}: *(.+)$", block, re.M) or [None, "unknown"])[1].strip()
        for name in re.findall(r"^(\S+)\.webp$", block, re.M):
            found[name] = (value("Copyright"), value("License"), value("Source"))
    return found


def photographs(folders):
    """Photographs of trained things, all in the public domain or CC0, and of other things."""
    source = json.loads((HERE / "sources.json").read_text())["photographs"]
    data = {}
    for archive in (fetch(source, folders) / "usr/share/gcompris-qt/rcc").glob("*.rcc"):
        data |= dict(files(archive.read_bytes())) if archive.stem.startswith(("explore", "categor")) else {}
    entries, credits = [], ["Photographs of the set `photographs`, which were never trained:", ""]
    for line in (HERE / "photographs.txt").read_text().split("\n")[:-1]:
        (kind, name), caption = line.split(" |")[0].split("/"), line.split(" |")[1].strip()
        folder = next(f"/{ACTIVITIES}/{path}" for path in FOLDERS[kind] if f"/{ACTIVITIES}/{path}/{name}.webp" in data)
        author, licence, origin = licences(data[f"{folder}/README"].decode()).get(name, ("", "not said", ""))
        if licence not in ("CC0-1.0", "Public Domain"):
            raise SystemExit(f"{line}: its licence is {licence}")
        image = Image.open(io.BytesIO(data[f"{folder}/{name}.webp"])).convert("RGBA").resize((SIZE, SIZE), Image.BICUBIC)
        path = save_picture(on_white(np.asarray(image)), Path("photographs") / f"{slug(name)}.webp")
        entries.append((path, [caption] if caption else []))
        credits.append(f"{path}: {author}, {licence}, {origin} ({source['package']} {source['version']})")
    save_set("photographs", entries)
    (TARGET / "eval" / "NOTICE").write_text("\n".join(credits) + "\n")


def main(out):
    corpus = json.loads((out / "corpus.json").read_text())
    pixels = np.load(out / "images.npy", mmap_mode="r")
    trained_styles(corpus, pixels)
    unseen_style(corpus, pixels, out / "packages", out)
    photographs(out / "packages")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
