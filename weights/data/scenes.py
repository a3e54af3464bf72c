"""Scenes composed from the cut-outs of the corpus on its photographs, with what lies where: seeded, the same everywhere."""

import math
import random

import numpy as np
from PIL import Image

from build import COLOUR_STYLES
from colours import dominant
from concepts import digest

SIDE = 96
THINGS = {
    "animal": {
        "cat": "cat", "dog": "dog", "horse": "horse", "cow": "cow", "pig": "pig", "elephant": "elephant",
        "bird": "bird", "frog": "frog", "penguin": "penguin", "owl": "owl", "turtle": "turtle",
        "butterfly": "butterfly", "snail": "snail", "octopus": "octopus",
    },
    "food": {
        "red apple": "apple", "banana": "banana", "lemon": "lemon", "grapes": "grape", "strawberry": "strawberry",
        "carrot": "carrot", "pizza": "pizza", "hamburger": "hamburger", "bread": "bread", "doughnut": "doughnut",
        "mushroom": "mushroom", "birthday cake": "cake",
    },
    "vehicle": {
        "airplane": "airplane", "rocket": "rocket", "bicycle": "bicycle", "automobile": "car", "bus": "bus",
        "sailboat": "boat", "tractor": "tractor", "motorcycle": "motorcycle", "helicopter": "helicopter",
    },
    "object": {
        "house": "house", "key": "key", "guitar": "guitar", "trumpet": "trumpet", "camera": "camera",
        "crown": "crown", "bell": "bell", "balloon": "balloon", "hammer": "hammer", "drum": "drum",
    },
}  # fmt: skip
KIND = {name: kind for kind, things in THINGS.items() for name in things.values()}
NAMES = {label: name for things in THINGS.values() for label, name in things.items()}
LAYOUTS = ("beside", "stacked", "three", "counted", "counted with another", "one")
SETTINGS = {  # photographs that show none of the things
    "train": ("black-canyon", "coins", "gravel", "brick", "hubble-deep-field", "china", "flower", "coffee"),
    "held-out": ("allium-oreophilum", "french-alpine-landscape", "grass", "moon"),
}


def cut_outs(corpus, part):
    """{name: rows of the corpus} for a part; no drawing of one part is shown in the other."""
    labels = {c["id"]: c["label"] for c in corpus["concepts"]}
    found = {name: [] for name in KIND}
    for index, row in enumerate(corpus["pictures"]):
        name = NAMES.get(labels[row["concept"]])
        if name and row["style"] in COLOUR_STYLES and row["split"] in ("train", "held-out"):
            held = row["split"] == "held-out" or digest(f"scene {row['style']} {row['concept']}") < 0.25
            if held == (part == "held-out"):
                found[name].append(index)
    return {name: rows for name, rows in found.items() if rows}


def rotate_hue(rgb, angle):
    """Colours [..., 3] turned about the grey axis."""
    cos, sin = math.cos(angle), math.sin(angle) / math.sqrt(3)
    cross = np.array([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]])
    turn = np.eye(3) * cos + (1 - cos) / 3 + cross * sin
    return np.clip(rgb @ turn.T, 0, 1)


def drawn(pixels, side, rng):
    """One cut-out [64, 64, 4] cropped to what is seen, sometimes recoloured, as an RGBA image of the longer side."""
    rgba = pixels.astype(np.float64) / 255
    if rng.random() < 0.4:
        rgba[..., :3] = rotate_hue(rgba[..., :3], rng.uniform(0.6, 2 * math.pi - 0.6))
    (colour,) = dominant(rgba[None, ..., :3], rgba[None, ..., 3], share=0.6)
    image = Image.fromarray(np.round(rgba * 255).astype(np.uint8), "RGBA")
    image = image.crop(image.getchannel("A").point(lambda a: 255 * (a > 127)).getbbox())
    scale = side / max(image.size)
    image = image.resize([max(1, round(n * scale)) for n in image.size], Image.LANCZOS)
    return (image.transpose(Image.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else image), colour


def wanted(layout, names, rng):
    """What to place: a list of names."""
    first, second, third = rng.sample(names, 3)
    if layout == "counted":
        return [first] * rng.randint(2, 4)
    if layout == "counted with another":
        return [first] * rng.randint(2, 3) + [second]
    return {"one": [first], "three": [first, second, third]}.get(layout, [first, second])


def corner(layout, place, size, rng):
    """Where the place-th thing goes: left and upper edge."""
    free = [SIDE - n for n in size]
    if layout in ("beside", "stacked"):
        along, across = (0, 1) if layout == "beside" else (1, 0)
        spot = [0, 0]
        spot[along] = round(min(max(SIDE * (0.25 + 0.5 * place) - size[along] / 2 + rng.uniform(-4, 4), 0), free[along]))
        spot[across] = round(free[across] * rng.uniform(0.2, 0.8))
        return spot
    return [rng.randint(0, n) for n in free]


def apart(box, others):
    """Whether a box [x, y, w, h] leaves two pixels to each of the others."""
    x, y, w, h = box
    return all(x >= a + c + 2 or a >= x + w + 2 or y >= b + d + 2 or b >= y + h + 2 for a, b, c, d in others)


def place(scene, names, choice, rng):
    """Put the things on the scene one by one; None when one finds no room in thirty tries."""
    things, (rows, pixels) = [], choice
    row_of = {name: rng.choice(rows[name]) for name in names}
    for index, name in enumerate(names):
        largest = 44 if len(names) <= 2 else 34
        image, colour = drawn(pixels[row_of[name]], rng.randint(largest - 10, largest), rng)
        for _ in range(30):
            spot = corner(scene["layout"], index, image.size, rng)
            if apart([*spot, *image.size], [thing["box"] for thing in things]):
                break
        else:
            return None
        scene["image"].paste(image, tuple(spot), image)
        things.append({"name": name, "colour": colour, "box": [*spot, *image.size], "row": row_of[name]})
    return things


def compose(corpus, pixels, photos, part, index):
    """Scene number index of a part: {image, layout, photo, things: [{name, colour or None, box [x, y, w, h], row}]}."""
    rng, rows = random.Random(f"scene {part} {index}"), cut_outs(corpus, part)
    settings = [i for i, photo in enumerate(corpus["photos"]) if photo["id"] in SETTINGS[part]]
    while True:
        photo, layout = rng.choice(settings), LAYOUTS[index % len(LAYOUTS)]
        cut, x, y = rng.randint(80, 128), rng.random(), rng.random()
        left, upper = round(x * (128 - cut)), round(y * (128 - cut))
        behind = (
            Image.fromarray(photos[photo]).crop((left, upper, left + cut, upper + cut)).resize((SIDE, SIDE), Image.BICUBIC)
        )
        scene = {"image": behind, "layout": layout, "photo": corpus["photos"][photo]["id"]}
        things = place(scene, wanted(layout, sorted(rows), rng), (rows, pixels), rng)
        if things:
            return {**scene, "things": things}


def left_of(a, b):
    """Whether thing a lies wholly left of thing b and their heights overlap."""
    (ax, ay, aw, ah), (bx, by, _, bh) = a["box"], b["box"]
    return ax + aw <= bx and ay < by + bh and by < ay + ah


def above(a, b):
    (ax, ay, aw, ah), (bx, by, bw, _) = a["box"], b["box"]
    return ay + ah <= by and ax < bx + bw and bx < ax + aw
