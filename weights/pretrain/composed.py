"""Scenes of two or more things for training, each with a caption and a foil: a sentence that is nearly right but wrong."""

import torch
import torch.nn.functional as F

import shared  # noqa: F401
from augment import backgrounds, colour_names, normalise, vary_colour, vary_style
from colours import COLOURS
from english import article, plural

BESIDE = ("left of", "right of")
STACKED = ("above", "under")
COUNTS = {2: "two", 3: "three", 4: "four"}
GRID = ((-0.45, -0.4), (0.45, 0.4), (0.45, -0.4), (-0.45, 0.4))


def place(rgba, centres, scale):
    """Premultiplied RGBA [B, 4, S, S], each drawn at half size times scale around its centre [B, 2] of -1..1."""
    small = F.avg_pool2d(rgba, 2)
    zoom = 2 / scale
    rows = [torch.stack([zoom, 0 * zoom, -zoom * centres[:, 0]], 1), torch.stack([0 * zoom, zoom, -zoom * centres[:, 1]], 1)]
    grid = F.affine_grid(torch.stack(rows, 1), rgba.shape, align_corners=False)
    return F.grid_sample(small, grid, align_corners=False)


def shown(rgba, strength):
    """Recoloured and restyled premultiplied RGBA [B, 4, S, S] and the colour words that fit."""
    alpha = rgba[:, 3:].clone()
    rgb, alpha = vary_style(vary_colour(rgba[:, :3], strength), alpha, strength)
    return torch.cat([rgb * alpha, alpha], 1), colour_names(rgb, alpha)


def over(top, bottom):
    return top[:, :3] + bottom * (1 - top[:, 3:])


def coloured(label, colour, rng):
    """The label with its colour, sometimes, and the label with a wrong colour (None where the colour is not said)."""
    if not colour or rng.random() < 0.4:
        return label, None
    return f"{colour} {label}", f"{rng.choice([c for c in COLOURS if c != colour])} {label}"


def pair_caption(labels, colours, beside, rng):
    """Caption and foil of two things; the first is at the left (beside) or above."""
    (first, wrong), (second, _) = (coloured(label, colour, rng) for label, colour in zip(labels, colours))
    relations = BESIDE if beside else STACKED
    draw = rng.random()
    if draw < 0.3:
        parts = [first, second] if rng.random() < 0.5 else [second, first]
        caption = " and ".join(map(article, parts))
        other = wrong or rng.choice([c for c in COLOURS if c not in first]) + " " + labels[0]
        return caption, caption.replace(article(first), article(other))
    one, two = (first, second) if draw < 0.65 else (second, first)
    relation, opposite = relations if draw < 0.65 else relations[::-1]
    caption = f"{article(one)} {relation} {article(two)}"
    kind = rng.random()
    if wrong and kind < 0.3:
        return caption, caption.replace(article(first), article(wrong))
    return (
        caption,
        f"{article(one)} {opposite} {article(two)}" if kind < 0.65 else f"{article(two)} {relation} {article(one)}",
    )


def pairs(rgba, labels, strength, rng):
    """Half as many scenes of two things each [B / 2, 4, S, S] from an even number of pictures, captions and foils."""
    drawn, colours = shown(rgba, strength)
    half = len(rgba) // 2
    beside = torch.rand(half) < 0.6
    apart, along = 0.42 + 0.12 * torch.rand(half), (torch.rand(half, 2) - 0.5) * 0.5
    first = torch.where(beside[:, None], torch.stack([-apart, along[:, 0]], 1), torch.stack([along[:, 0], -apart], 1))
    second = torch.where(beside[:, None], torch.stack([apart, along[:, 1]], 1), torch.stack([along[:, 1], apart], 1))
    front = place(drawn[:half], first, 0.75 + 0.4 * torch.rand(half))
    back = place(drawn[half:], second, 0.75 + 0.4 * torch.rand(half))
    both = front + back * (1 - front[:, 3:])
    said = [
        pair_caption((labels[i], labels[half + i]), (colours[i], colours[half + i]), bool(beside[i]), rng)
        for i in range(half)
    ]
    return both, said


def counted(rgba, labels, strength, rng):
    """Scenes of two to four copies of one thing."""
    drawn, _ = shown(rgba, strength)
    counts = [rng.choice(tuple(COUNTS)) for _ in labels]
    scene = torch.zeros_like(drawn)
    for slot, centre in enumerate(GRID):
        wanted = torch.tensor([float(count > slot) for count in counts]).view(-1, 1, 1, 1)
        at = torch.tensor([centre]) + (torch.rand(len(rgba), 2) - 0.5) * 0.2
        copy = place(drawn, at, 0.6 + 0.25 * torch.rand(len(rgba))) * wanted
        scene = copy + scene * (1 - copy[:, 3:])
    said = []
    for label, count in zip(labels, counts):
        other = rng.choice([c for c in COUNTS if c != count])
        said.append(tuple(f"{COUNTS[n]} {plural(label)}" for n in (count, other)))
    return scene, said


def compose(rgba, labels, photos, strength, rng):
    """rgba [B, 4, S, S] and labels -> normalised scenes [n, 3, S, S] and (caption, foil) pairs; some are counted."""
    few = len(rgba) // 5
    several, counts = counted(rgba[:few], labels[:few], strength, rng) if few else (rgba[:0], [])
    even = (len(rgba) - few) // 2 * 2
    two, said = pairs(rgba[few : few + even], labels[few : few + even], strength, rng)
    front = torch.cat([several, two])
    behind, _ = backgrounds(len(front), photos, rgba.shape[-1])
    return normalise(over(front, behind).clamp(0, 1)), [*counts, *said]
