"""ALBEF (Li et al. 2021) at any size, with the state-dict names of the official pre-training model."""

import copy

import torch
import torch.nn.functional as F
from torch import nn

from bert import TextEncoder
from vit import VisionEncoder


class Albef(nn.Module):
    """Online networks; `teacher()` makes the momentum copy."""

    def __init__(self, cfg):
        super().__init__()
        bert = cfg["bert_config"]
        self.visual_encoder, self.text_encoder = VisionEncoder(cfg), TextEncoder(bert)
        self.vision_proj = nn.Linear(cfg["vision_width"], cfg["embed_dim"])
        self.text_proj = nn.Linear(bert["hidden_size"], cfg["embed_dim"])
        self.itm_head = nn.Linear(bert["hidden_size"], 2)
        self.temp = nn.Parameter(torch.tensor(cfg["temp"]))

    def image(self, pixels, keep=None):
        """-> image states [B, N, D] and unit features [B, E]."""
        states = self.visual_encoder(pixels, keep)
        return states, F.normalize(self.vision_proj(states[:, 0]), dim=-1)

    def text(self, ids, mask):
        """-> text states [B, L, H] and unit features [B, E]."""
        states = self.text_encoder.bert.text(ids, mask)
        return states, F.normalize(self.text_proj(states[:, 0]), dim=-1)

    def match(self, text, mask, image):
        """ITM logits [B, 2] of text states with image states."""
        return self.itm_head(self.text_encoder.bert.fuse(text, mask, image)[:, 0])

    def teacher(self):
        return copy.deepcopy(self).requires_grad_(False)
