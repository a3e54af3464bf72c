"""ALBEF (Li et al. 2021) at any size, with the state-dict names of the official pre-training model."""

import copy

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


class BertAttention(nn.Module):
    """Self- or cross-attention with output projection, residual and LayerNorm."""

    def __init__(self, bert, source_width):
        super().__init__()
        width, self.heads = bert["hidden_size"], bert["num_attention_heads"]
        self.self = nn.ModuleDict(
            {"query": nn.Linear(width, width), "key": nn.Linear(source_width, width), "value": nn.Linear(source_width, width)}
        )
        self.output = nn.ModuleDict(
            {"dense": nn.Linear(width, width), "LayerNorm": nn.LayerNorm(width, eps=bert["layer_norm_eps"])}
        )

    def forward(self, x, source, mask):
        project = lambda name, t: split_heads(self.self[name](t), self.heads)
        context = attend(project("query", x), project("key", source), project("value", source), mask)
        return self.output["LayerNorm"](self.output["dense"](context) + x)


class BertLayer(nn.Module):
    def __init__(self, bert, index):
        super().__init__()
        width, inner = bert["hidden_size"], bert["intermediate_size"]
        self.attention = BertAttention(bert, width)
        if index >= bert["fusion_layer"]:
            self.crossattention = BertAttention(bert, bert["encoder_width"])
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(width, inner)})
        self.output = nn.ModuleDict(
            {"dense": nn.Linear(inner, width), "LayerNorm": nn.LayerNorm(width, eps=bert["layer_norm_eps"])}
        )

    def forward(self, x, mask, image=None):
        x = self.attention(x, x, mask)
        if image is not None:
            x = self.crossattention(x, image, None)
        inner = F.gelu(self.intermediate["dense"](x))
        return self.output["LayerNorm"](self.output["dense"](inner) + x)


class Bert(nn.Module):
    def __init__(self, bert):
        super().__init__()
        width, self.fusion_layer = bert["hidden_size"], bert["fusion_layer"]
        self.embeddings = nn.ModuleDict(
            {
                "word_embeddings": nn.Embedding(bert["vocab_size"], width, padding_idx=0),
                "position_embeddings": nn.Embedding(bert["max_position_embeddings"], width),
                "token_type_embeddings": nn.Embedding(bert["type_vocab_size"], width),
                "LayerNorm": nn.LayerNorm(width, eps=bert["layer_norm_eps"]),
            }
        )
        layers = nn.ModuleList(BertLayer(bert, i) for i in range(bert["num_hidden_layers"]))
        self.encoder = nn.ModuleDict({"layer": layers})

    def text(self, ids, mask):
        """Text mode: ids, mask [B, L] -> [B, L, H] after the text-only layers."""
        e = self.embeddings
        x = e["word_embeddings"](ids) + e["token_type_embeddings"].weight[0]
        x = e["LayerNorm"](x + e["position_embeddings"].weight[: ids.shape[1]])
        return self.run(x, mask, range(self.fusion_layer), None)

    def fuse(self, x, mask, image):
        """Fusion mode: text states [B, L, H] and image states [B, N, D] -> [B, L, H]."""
        return self.run(x, mask, range(self.fusion_layer, len(self.encoder["layer"])), image)

    def run(self, x, mask, layers, image):
        added = (1 - mask[:, None, None].float()) * -10000
        for i in layers:
            x = self.encoder["layer"][i](x, added, image)
        return x


class Predictions(nn.Module):
    def __init__(self, bert):
        super().__init__()
        width = bert["hidden_size"]
        self.transform = nn.ModuleDict(
            {"dense": nn.Linear(width, width), "LayerNorm": nn.LayerNorm(width, eps=bert["layer_norm_eps"])}
        )
        self.bias = nn.Parameter(torch.zeros(bert["vocab_size"]))

    def forward(self, x, table):
        return F.linear(self.transform["LayerNorm"](F.gelu(self.transform["dense"](x))), table, self.bias)


class TextEncoder(nn.Module):
    def __init__(self, bert):
        super().__init__()
        self.bert = Bert(bert)
        self.cls = nn.ModuleDict({"predictions": Predictions(bert)})
        for module in self.modules():
            if isinstance(module, (nn.Linear, nn.Embedding)):
                nn.init.normal_(module.weight, std=bert["initializer_range"])
            if isinstance(module, nn.Linear):
                nn.init.zeros_(module.bias)

    def vocabulary_logits(self, x):
        return self.cls["predictions"](x, self.bert.embeddings["word_embeddings"].weight)


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
