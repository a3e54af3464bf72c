"""How the fusion layers begin: where the contrastive task left off, so that image-text matching does not start at chance."""

import torch

SCORE_NORM = 12.0


@torch.no_grad()
def start_fusion(model):
    """Copy the text layers, quiet their self-attention, and let cross-attention compare by the contrastive projections.

    Drawn at random, matching stayed at "never a match" for tens of thousands of pairs (class weights or not). With queries
    from text_proj and keys from vision_proj the attention scores are image-text similarities from the first step. Needs
    embed_dim, hidden_size and vision_width to be equal; the official model starts from BERT instead.
    """
    bert = model.text_encoder.bert
    layers = bert.encoder["layer"]
    for fused, plain in zip(layers[bert.fusion_layer :], layers):
        fused.load_state_dict(plain.state_dict(), strict=False)
        fused.attention.output["dense"].weight.mul_(0.1)
        fused.attention.output["LayerNorm"].reset_parameters()
        for name, source in (("query", model.text_proj), ("key", model.vision_proj)):
            projection = fused.crossattention.self[name]
            projection.weight.copy_(source.weight * SCORE_NORM / source.weight.norm())
            projection.bias.zero_()
