"""Teach the pre-trained model downstream tasks on composed scenes: python3 teach.py CORPUS MODEL OUT [--seconds 1800].

CORPUS is built by data/build.py. In the first part of the time sentences and questions share the image encoder and the
fusion layers; in the rest a copy of them learns statements about two pictures. OUT gets single.pt and pairs.pt, of which
export_tasks.py makes state dicts. The first image blocks and the text encoder stay as they are.
"""

import argparse
import json
import random
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

import shared  # noqa: F401
from augment import normalise
from downstream import LABELS, Downstream, Pairs, answer_ids
from official import from_official
from scenes import compose
from statements import claims, questions, true_and_false, undecided
from text import SEP, Tokenizer

FROZEN = ("visual_encoder.patch_embed", "visual_encoder.cls_token", "visual_encoder.pos_embed")
FROZEN_BLOCKS = 2
SCENES = 16
QUESTIONS = 3
PARTS = {"single": 0.55, "pairs": 0.45}  # shares of the time
RATE, LEAST, WARM = 4e-4, 0.02, 0.03


class Scenes:
    """Scenes of the training part in memory, as 64 pixels a side, with what they show."""

    def __init__(self, corpus, pixels, photos, count, size):
        self.pixels, self.shown = np.zeros((count, size, size, 3), np.uint8), []
        for index in range(count):
            scene = compose(corpus, pixels, photos, "train", index)
            self.pixels[index] = np.asarray(scene.pop("image").resize((size, size), Image.BICUBIC))
            self.shown.append(scene)

    def draw(self, rng, count):
        rows = rng.sample(range(len(self.shown)), count)
        image = torch.from_numpy(self.pixels[rows]).permute(0, 3, 1, 2).float() / 255
        return normalise(image), [self.shown[row] for row in rows]


def encoded(tokenizer, sentences):
    plain = [sentence.replace("?", "") for sentence in sentences]
    return tuple(map(torch.tensor, tokenizer.batch(plain)))


def single_losses(model, tokenizer, batch, rng):
    """Sentences, one of each label, and some questions about each scene."""
    image, shown = batch
    texts, answers = [], []
    for scene in shown:
        true, wrong = rng.choice(claims(scene, rng))
        asked = rng.choices(questions(scene, rng), k=QUESTIONS)
        texts += [wrong, rng.choice(undecided(scene, rng)), true, *(question for question, _ in asked)]
        answers += [answer for _, answer in asked]
    ids, mask = encoded(tokenizer, texts)
    states = model.fused(model.visual_encoder(image), ids, mask).unflatten(0, (len(shown), -1))
    said, asked = (part.flatten(0, 1) for part in states.split((len(LABELS), QUESTIONS), 1))
    labels = torch.arange(len(LABELS)).repeat(len(shown))
    entailment = F.cross_entropy(model.entailment(said), labels)
    mask = mask.unflatten(0, (len(shown), -1))[:, len(LABELS) :].flatten(0, 1)
    vqa = model.answers(asked, mask, answer_ids(tokenizer, answers, SEP)).mean()
    return {"entailment": entailment, "vqa": vqa}


def partners(shown, rng):
    """For each scene another one of the batch; as a rule one that shows something of it."""
    names = [{thing["name"] for thing in scene["things"]} for scene in shown]
    for row, mine in enumerate(names):
        rest = [i for i in range(len(names)) if i != row]
        like = [i for i in rest if mine & names[i]]
        yield rng.choice(like if like and rng.random() < 0.7 else rest)


def pair_losses(model, tokenizer, batch, rng):
    """A true and a false sentence of one form about each pair of scenes."""
    image, shown = batch
    states = model.visual_encoder(image)
    left, right, said = [], [], []
    for row, other in enumerate(partners(shown, rng)):
        pair = rng.sample([row, other], 2)
        found = true_and_false(*(shown[i] for i in pair), rng)
        said += [found[False], found[True]]
        left += pair[:1]
        right += pair[1:]
    logits = model((states[left], states[right]), *encoded(tokenizer, said))
    return {"nlvr": F.cross_entropy(logits, torch.tensor([0, 1] * len(shown)))}


def learning(model):
    """Parameters that learn: not the text encoder, nor where the image encoder begins."""
    blocks = tuple(f"visual_encoder.blocks.{i}." for i in range(FROZEN_BLOCKS))
    bert = model.text_encoder["bert"]
    text = ("text_encoder.bert.embeddings.", *(f"text_encoder.bert.encoder.layer.{i}." for i in range(bert.fusion_layer)))
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(not name.startswith(FROZEN + blocks + text))
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def learn(model, losses_of, scenes, seconds, rng, save):
    """AdamW for so long, the rate warmed up and along a cosine by the share of the time. Returns the steps taken."""
    parameters = learning(model.train())
    optimizer = torch.optim.AdamW(parameters, lr=RATE, weight_decay=0.02, betas=(0.9, 0.98))
    begin, steps, seen = time.time(), 0, {}
    while (share := (time.time() - begin) / seconds) < 1:
        scale = min(share / WARM, LEAST + (1 - LEAST) * 0.5 * (1 + np.cos(np.pi * share)))
        optimizer.param_groups[0]["lr"] = RATE * scale
        losses = losses_of(model, scenes.draw(rng, SCENES), rng)
        optimizer.zero_grad()
        sum(losses.values()).backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        steps += 1
        for name, loss in losses.items():
            seen[name] = 0.98 * seen.get(name, loss.item()) + 0.02 * loss.item()
        if steps % 50 == 0:
            save(model)
            print(steps, f"{share:.3f}", {name: round(loss, 3) for name, loss in seen.items()}, flush=True)
    return steps


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("corpus", "model", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--scenes", type=int, default=20_000)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    options.out.mkdir(parents=True, exist_ok=True)
    config = json.loads((options.model / "config.json").read_text())
    vocabulary = json.loads((options.model / "tokenizer.json").read_text())["model"]["vocab"]
    tokenizer, rng = Tokenizer(sorted(vocabulary, key=vocabulary.get)), random.Random(0)
    corpus = json.loads((options.corpus / "corpus.json").read_text())
    pixels, photos = (np.load(options.corpus / f"{name}.npy") for name in ("images", "photos"))
    scenes = Scenes(corpus, pixels, photos, options.scenes, config["image_res"])
    single = Downstream(from_official(config, options.model / "model.safetensors"), config)
    part_of = lambda losses: lambda model, batch, rng: losses(model, tokenizer, batch, rng)
    save_as = lambda name: lambda model: torch.save(model.state_dict(), options.out / f"{name}.pt")
    for name, share in PARTS.items():
        model, losses = (single, single_losses) if name == "single" else (Pairs(single), pair_losses)
        steps = learn(model, part_of(losses), scenes, options.seconds * share, rng, save_as(name))
        save_as(name)(model)
        print(name, steps, "steps", flush=True)


if __name__ == "__main__":
    main()
