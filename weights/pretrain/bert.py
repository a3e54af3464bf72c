"""The text and multimodal encoder: BERT with cross-attention from the fusion layer on, and its masked-language head."""

import torch
import torch.nn.functional as F
from torch import nn

from vit import attend, split_heads


class BertAttention(nn.Module):
    """Self- or cross-attention with output projection, residual and LayerNorm."""

    def __init__(self, bert, source_width):
        super().__init__()
        width, self.heads = bert["hidden_size"], bert["num_attention_heads"]
        widths = {"query": width, "key": source_width, "value": source_width}
        self.self = nn.ModuleDict({name: nn.Linear(source, width) for name, source in widths.items()})
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

    def forward(self, x, mask, image=None, image_mask=None):
        x = self.attention(x, x, mask)
        if image is not None:  # several texts of one picture stand side by side, so that its keys are computed once
            beside = x.view(len(image), -1, x.shape[-1])
            x = self.crossattention(beside, image, image_mask).view_as(x)
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

    def vocabulary_logits(self, x, frozen=False):
        words = self.bert.embeddings["word_embeddings"].weight
        return self.cls["predictions"](x, words.detach() if frozen else words)
