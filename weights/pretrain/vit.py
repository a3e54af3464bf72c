"""The image encoder (Dosovitskiy et al. 2021) with the official key names, and scaled dot-product attention."""

import torch
import torch.nn.functional as F
from torch import nn


def split_heads(x, heads):
    """[B, T, D] -> [B, heads, T, D / heads]."""
    return x.view(x.shape[0], x.shape[1], heads, -1).transpose(1, 2)


def attend(query, key, value, mask=None):
    """Scaled dot-product attention over [B, heads, T, d]; mask is added to the scores. Returns [B, T, D]."""
    scores = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5
    if mask is not None:
        scores = scores + mask
    return (scores.softmax(-1) @ value).transpose(1, 2).flatten(2)


class VitAttention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.qkv, self.proj = heads, nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x):
        return self.proj(attend(*(split_heads(part, self.heads) for part in self.qkv(x).chunk(3, -1))))


class VitMlp(nn.Module):
    def __init__(self, width, ratio):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, int(width * ratio)), nn.Linear(int(width * ratio), width)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class VitBlock(nn.Module):
    def __init__(self, width, heads, ratio):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=1e-6), nn.LayerNorm(width, eps=1e-6)
        self.attn, self.mlp = VitAttention(width, heads), VitMlp(width, ratio)

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class PatchEmbed(nn.Module):
    def __init__(self, patch, width):
        super().__init__()
        self.proj = nn.Conv2d(3, width, patch, patch)

    def forward(self, image):
        """[B, 3, R, R] -> [B, (R/P)^2, D]; unfolded by hand because it is faster than the convolution on a CPU."""
        patch = self.proj.kernel_size[0]
        b, c, r, _ = image.shape
        cells = image.view(b, c, r // patch, patch, r // patch, patch).permute(0, 2, 4, 1, 3, 5)
        return F.linear(cells.reshape(b, -1, c * patch * patch), self.proj.weight.flatten(1), self.proj.bias)


class VisionEncoder(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        width, patches = cfg["vision_width"], (cfg["image_res"] // cfg["patch_size"]) ** 2
        self.patch_embed = PatchEmbed(cfg["patch_size"], width)
        self.cls_token = nn.Parameter(torch.randn(1, 1, width) * 0.02)
        self.pos_embed = nn.Parameter(torch.randn(1, patches + 1, width) * 0.02)
        block = lambda: VitBlock(width, cfg["vision_heads"], cfg["mlp_ratio"])
        self.blocks = nn.ModuleList(block() for _ in range(cfg["vision_depth"]))
        self.norm = nn.LayerNorm(width, eps=1e-6)

    def forward(self, image, keep=None):
        """[B, 3, R, R] -> [B, N, D]; keep [B, k] int64 names the patches that are used (all by default)."""
        x = self.patch_embed(image) + self.pos_embed[:, 1:]
        if keep is not None:
            x = x.gather(1, keep[..., None].expand(-1, -1, x.shape[-1]))
        x = torch.cat([(self.cls_token + self.pos_embed[:, :1]).expand(len(x), -1, -1), x], 1)
        for block in self.blocks:
            x = block(x)
        return self.norm(x)
