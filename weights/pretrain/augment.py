"""Pictures for training: geometry, colour and drawing style are varied, the object is put on a background."""

import math

import torch
import torch.nn.functional as F

import shared  # noqa: F401
from colours import COLOURS, dominant

MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(3, 1, 1)
STD = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(3, 1, 1)
PLAIN = torch.tensor(
    [
        [0.85, 0.15, 0.15], [0.95, 0.55, 0.15], [0.97, 0.87, 0.25], [0.25, 0.65, 0.3], [0.2, 0.45, 0.85], [0.55, 0.3, 0.7],
        [0.97, 0.65, 0.78], [0.5, 0.33, 0.2], [0.05, 0.05, 0.06], [1.0, 1.0, 1.0], [0.55, 0.55, 0.57],
    ]
)  # fmt: skip


def chance(count, p):
    """Boolean column [count, 1, 1, 1] that is true with probability p."""
    return torch.rand(count, 1, 1, 1) < p


def uniform(count, low, high):
    return torch.rand(count, 1, 1, 1) * (high - low) + low


def transform_geometry(rgba, strength):
    """Random flip, scale, shift and rotation of premultiplied RGBA [B, 4, S, S]."""
    count = len(rgba)
    angle = (torch.rand(count) - 0.5) * 0.5 * strength
    scale = torch.exp((torch.rand(count) - 0.35) * 0.7 * strength)
    flip = torch.where(torch.rand(count) < 0.5, -1.0, 1.0)
    wide = torch.exp((torch.rand(count) - 0.5) * 0.25 * strength)
    shift = (torch.rand(count, 2) - 0.5) * 0.35 * strength
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    rows = [torch.stack([cos * flip * wide, -sin, shift[:, 0]], 1), torch.stack([sin * flip * wide, cos, shift[:, 1]], 1)]
    grid = F.affine_grid(torch.stack(rows, 1), rgba.shape, align_corners=False)
    return F.grid_sample(rgba, grid + bend(count, rgba.shape[-1], strength), align_corners=False)


def bend(count, size, strength):
    """Smooth shifts [B, S, S, 2] of half of the pictures: every hand draws the same thing in other proportions."""
    shifts = torch.randn(count, 2, 4, 4) * 0.07 * strength * chance(count, 0.5)
    return F.interpolate(shifts, (size, size), mode="bilinear", align_corners=True).permute(0, 2, 3, 1)


def rotate_hue(rgb, angle):
    """Rotate colours about the grey axis; angle [B] in radians."""
    cos, third = torch.cos(angle).view(-1, 1, 1), 1 / 3
    sin = torch.sin(angle).view(-1, 1, 1) * math.sqrt(third)
    eye, ones = torch.eye(3), torch.full((3, 3), third)
    cross = torch.tensor([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]])
    return torch.einsum("bij,bjhw->bihw", eye * cos + ones * (1 - cos) + cross * sin, rgb)


def vary_colour(rgb, strength):
    """Hue of 30 %, and saturation, contrast and brightness of all pictures [B, 3, S, S]."""
    count = len(rgb)
    angle = torch.where(torch.rand(count) < 0.3, torch.rand(count) * 2 * math.pi, (torch.rand(count) - 0.5) * 0.3)
    rgb = rotate_hue(rgb, angle * min(strength, 1))
    grey = rgb.mean(1, keepdim=True)
    saturation = torch.where(chance(count, 0.07), torch.zeros(1), uniform(count, 0.5, 1.4))
    rgb = (grey + (rgb - grey) * saturation).clamp(0, 1)
    return (rgb ** uniform(count, 0.6, 1.6) * uniform(count, 0.75, 1.1)).clamp(0, 1)


def draw_outlines(rgb, alpha):
    """Dark outlines, or only lines, from a morphological gradient of object and colours."""
    count, both = len(rgb), torch.cat([alpha, rgb], 1)
    grown, shrunk = F.max_pool2d(both, 3, 1, 1), -F.max_pool2d(-both, 3, 1, 1)
    edges = (grown - shrunk).amax(1, keepdim=True)
    outline = (edges * uniform(count, 1.0, 2.5)).clamp(0, 1)
    line = (1 - edges * 2).clamp(0, 1).expand_as(rgb)
    drawn = torch.where(chance(count, 0.2), line, rgb * (1 - outline))
    return drawn, torch.where(outline > 0.3, grown[:, :1], alpha)


def filter_at_random(rgb):
    """Each picture [B, 3, S, S] half mixed with its convolution by a 3 x 3 kernel of its own (Xu et al. 2021, RandConv)."""
    count, size = len(rgb), rgb.shape[-1]
    kernels = torch.randn(count * 3, 3, 3, 3) / 27**0.5
    filtered = F.conv2d(rgb.reshape(1, count * 3, size, size), kernels, padding=1, groups=count).view_as(rgb)
    low, high = filtered.amin((1, 2, 3), keepdim=True), filtered.amax((1, 2, 3), keepdim=True)
    share = uniform(count, 0.2, 0.8)
    return rgb * (1 - share) + (filtered - low) / (high - low).clamp(min=1e-3) * share


def vary_style(rgb, alpha, strength):
    """Dark outlines, line art, few colours, filters and blur: what differs between makers. Changes its arguments in place."""
    count = len(rgb)
    lined = (torch.rand(count) < 0.35 * strength).nonzero()[:, 0]
    rgb[lined], alpha[lined] = draw_outlines(rgb[lined], alpha[lined])
    steps = torch.randint(2, 6, (count, 1, 1, 1)).float()
    rgb = torch.where(chance(count, 0.1 * strength), (rgb * steps).round() / steps, rgb)
    filtered = (torch.rand(count) < 0.2 * strength).nonzero()[:, 0]
    if len(filtered):
        rgb[filtered] = filter_at_random(rgb[filtered])
    soft = (torch.rand(count) < 0.15 * strength).nonzero()[:, 0]
    blurred = F.avg_pool2d(torch.cat([rgb[soft], alpha[soft]], 1), 3, 1, 1, count_include_pad=False)
    rgb[soft], alpha[soft] = blurred[:, :3], blurred[:, 3:]
    return rgb, alpha


def colour_names(rgb, alpha):
    """The dominant colour of each object [B, 3, S, S], as a word, or None when no colour covers 45 % of it."""
    return dominant(rgb.permute(0, 2, 3, 1).numpy(), alpha[:, 0].numpy())


def backgrounds(count, photos, size):
    """[B, 3, S, S] backgrounds and their colour word: white, plain, gradient or a blurred photograph."""
    draw, index = torch.rand(count), torch.randint(0, len(PLAIN), (count,))
    index = torch.where(draw < 0.5, torch.tensor(9), index)
    plain = (PLAIN[index] + torch.randn(count, 3) * 0.04 * (draw >= 0.5)[:, None]).clamp(0, 1)[..., None, None]
    shown = plain.repeat(1, 1, size, size)
    ramp = torch.linspace(0, 1, size).view(1, 1, size, 1)
    mixed = ((draw >= 0.8) & (draw < 0.9)).nonzero()[:, 0]
    shown[mixed] = plain[mixed] * ramp + torch.rand(len(mixed), 3, 1, 1) * (1 - ramp)
    shots = (draw >= 0.9).nonzero()[:, 0]
    picked = photos[torch.randint(0, len(photos), (len(shots),))]
    shown[shots] = F.avg_pool2d(picked, 3, 1, 1, count_include_pad=False)
    said = [COLOURS[i] if 0.5 <= d < 0.8 else None for i, d in zip(index.tolist(), draw.tolist())]
    return shown, said


def augment(rgba, photos, strength):
    """rgba [B, 4, S, S] in [0, 1] -> normalised pictures [B, 3, S, S] and per picture {colour, background}."""
    alpha = rgba[:, 3:]
    moved = transform_geometry(torch.cat([rgba[:, :3] * alpha, alpha], 1), strength)
    alpha = moved[:, 3:].clamp(0, 1)
    rgb = vary_colour((moved[:, :3] / alpha.clamp(min=1e-3)).clamp(0, 1), strength)
    rgb, alpha = vary_style(rgb, alpha, strength)
    behind, said = backgrounds(len(rgba), photos, rgba.shape[-1])
    views = [{"colour": c, "background": b} for c, b in zip(colour_names(rgb, alpha), said)]
    return normalise(rgb * alpha + behind * (1 - alpha)), views


def crop_photos(photos, size):
    """Random crops of photographs [B, 3, 128, 128], flipped and recoloured a little, as [B, 3, S, S]."""
    padded = torch.cat([photos, torch.ones(len(photos), 1, *photos.shape[2:])], 1)
    cropped = F.interpolate(transform_geometry(padded * 0.999, 0.5)[:, :3], (size, size), mode="bilinear", antialias=True)
    return normalise((cropped * uniform(len(photos), 0.8, 1.15)).clamp(0, 1))


def on_white(rgba):
    """Normalised [B, 3, S, S] of RGBA [B, 4, S, S] on white, as every picture is prepared for use."""
    return normalise(rgba[:, :3] * rgba[:, 3:] + 1 - rgba[:, 3:])


def normalise(rgb):
    return (rgb - MEAN) / STD
