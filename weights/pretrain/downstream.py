"""Downstream models over the pre-trained encoders, with the official names: visual entailment, VQA, NLVR2."""

import copy

import torch
import torch.nn.functional as F
from torch import nn

from bert import TextEncoder
from text import CLS, PAD

LABELS = ("contradiction", "neutral", "entailment")


def classifier(width, classes):
    """`cls_head` of the official models."""
    return nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, classes))


def decoder_of(model, bert):
    """`text_decoder`, filled as the official VQA.py does: fusion layers, embeddings and word head of the text encoder."""
    first, layers = bert["fusion_layer"], bert["num_hidden_layers"] - bert["fusion_layer"]
    decoder = TextEncoder({**bert, "fusion_layer": 0, "num_hidden_layers": layers})
    source = model.text_encoder
    decoder.bert.embeddings.load_state_dict(source.bert.embeddings.state_dict())
    decoder.cls.load_state_dict(source.cls.state_dict())
    for index, layer in enumerate(decoder.bert.encoder["layer"]):
        layer.load_state_dict(source.bert.encoder["layer"][first + index].state_dict())
    return decoder


class Downstream(nn.Module):
    """One picture: image and text encoder and fusion layers of a pre-trained model, a classifier and an answer decoder."""

    def __init__(self, model, config):
        super().__init__()
        bert = config["bert_config"]
        self.visual_encoder, self.text_encoder = model.visual_encoder, nn.ModuleDict({"bert": model.text_encoder.bert})
        self.text_decoder = decoder_of(model, bert)
        self.cls_head = classifier(bert["hidden_size"], len(LABELS))

    def fused(self, image, ids, mask):
        """Multimodal states [T, L, H] of texts with the states of their pictures [B, N, D], T / B texts to each."""
        bert = self.text_encoder["bert"]
        return bert.fuse(bert.text(ids, mask), mask, image)

    def entailment(self, fused):
        """Logits [T, 3] over LABELS."""
        return self.cls_head(fused[:, 0])

    def answers(self, states, mask, answer):
        """-log likelihood [T] of answers (ids [T, L], [CLS] in front) to questions (states and mask)."""
        asked = (1 - mask[:, None, None].float()) * -1e9
        ids, length = answer[:, :-1], answer.shape[1] - 1
        e = self.text_decoder.bert.embeddings
        x = e["word_embeddings"](ids) + e["token_type_embeddings"].weight[0] + e["position_embeddings"].weight[:length]
        x = e["LayerNorm"](x)
        kept = torch.ones(length, length).tril()[None] * (ids != PAD)[:, None]
        for layer in self.text_decoder.bert.encoder["layer"]:
            x = layer(x, (1 - kept[:, None]) * -10000, states, asked)
        logits = self.text_decoder.vocabulary_logits(x)
        losses = F.cross_entropy(logits.transpose(1, 2), answer[:, 1:], ignore_index=PAD, reduction="none")
        return losses.sum(1)


class Pairs(nn.Module):
    """Two pictures: every fusion layer is there twice, keys and values of cross-attention shared (model_nlvr.py)."""

    def __init__(self, single):
        """From a model of one picture."""
        super().__init__()
        bert = copy.deepcopy(single.text_encoder["bert"])
        width = bert.embeddings["word_embeddings"].embedding_dim
        first, layers = bert.fusion_layer, bert.encoder["layer"]
        doubled = [copy.deepcopy(layer) for layer in layers[first:] for _ in range(2)]
        for one, two in zip(doubled[::2], doubled[1::2]):
            for name in ("key", "value"):
                two.crossattention.self[name] = one.crossattention.self[name]
        bert.encoder["layer"] = nn.ModuleList([*layers[:first], *doubled])
        self.visual_encoder, self.text_encoder = copy.deepcopy(single.visual_encoder), nn.ModuleDict({"bert": bert})
        self.cls_head = classifier(width, 2)

    def forward(self, images, ids, mask):
        """Logits [B, 2], false and true, of texts about pairs of picture states."""
        bert = self.text_encoder["bert"]
        x, added = bert.text(ids, mask), (1 - mask[:, None, None].float()) * -10000
        for index, layer in enumerate(bert.encoder["layer"][bert.fusion_layer :]):
            x = layer(x, added, images[index % 2])
        return self.cls_head(x[:, 0])


def answer_ids(tokenizer, answers, end):
    """[CLS], the words, [SEP], padded."""
    rows = [[*tokenizer.encode(answer), end] for answer in answers]
    assert all(row[0] == CLS for row in rows)
    longest = max(map(len, rows))
    return torch.tensor([row + [PAD] * (longest - len(row)) for row in rows])
