"""Colour words for pictures."""

import numpy as np

COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white", "grey")
HUE_ENDS = np.array([14.0, 42.0, 68.0, 165.0, 258.0, 295.0, 344.0])  # red, orange, ..., pink, red again
RED, PINK, BROWN, BLACK, WHITE, GREY = 0, 6, 7, 8, 9, 10


def name_of(rgb):
    """Index into COLOURS of each colour: rgb [..., 3] in [0, 1] -> [...]."""
    r, g, b = np.moveaxis(rgb, -1, 0)
    high, low = rgb.max(-1), rgb.min(-1)
    chroma = high - low
    scale = chroma + 1e-6
    hue = 60 * np.where(high == r, (g - b) / scale % 6, np.where(high == g, (b - r) / scale + 2, (r - g) / scale + 4))
    name = np.array([*range(7), RED])[np.searchsorted(HUE_ENDS, hue)]
    name = np.where((name == RED) & (high > 0.85) & (low > 0.5), PINK, name)
    name = np.where((name <= 1) & (high < 0.62) & (high > 0.2), BROWN, name)
    plain = np.where(high < 0.3, BLACK, np.where(low > 0.82, WHITE, GREY))
    return np.where((chroma < 0.14) | (high < 0.2), plain, name)


def pool(pixels, side):
    """Means over cells of side x side of [B, S, S, C]."""
    count, size, _, channels = pixels.shape
    return pixels.reshape(count, size // side, side, size // side, side, channels).mean((2, 4))


def dominant(rgb, alpha, share=0.45):
    """Words for the colour of most of each object, None where none has the share: rgb [B, S, S, 3], alpha [B, S, S]."""
    cover = pool(alpha[..., None], 4)
    small = pool(rgb * alpha[..., None], 4) / np.maximum(cover, 1e-3)
    votes = (name_of(small)[..., None] == np.arange(len(COLOURS))) & (cover > 0.5)
    counts = votes.sum((1, 2))
    best, total = counts.argmax(1), np.maximum(counts.sum(1), 1)
    return [COLOURS[i] if row[i] > share * n else None for i, row, n in zip(best.tolist(), counts, total)]
