"""Retrieval of the official protocol on annotation files [{image, caption: [...]}]: ITC, then ITM over the k best."""

import json

import numpy as np
import torch
from PIL import Image

from augment import normalise

ITC_SHARE = 10.0


def load_image(path, size):
    """Test preprocessing (official dataset/__init__.py): RGB, bicubic resize to a square, CLIP mean and std -> [3, R, R]."""
    image = Image.open(path).convert("RGB").resize((size, size), Image.BICUBIC)
    return normalise(torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1).float() / 255)


def load_set(annotations, size):
    """-> images [N, 3, R, R], captions, and per caption the index of its image."""
    listed = json.loads(annotations.read_text())
    images = torch.stack([load_image(annotations.parent / entry["image"], size) for entry in listed])
    pairs = [(caption, i) for i, entry in enumerate(listed) for caption in entry["caption"]]
    return images, [caption for caption, _ in pairs], torch.tensor([i for _, i in pairs])


def recalls(scores, relevant):
    """R@1, 5, 10 in percent of score rows [n, m] whose relevant columns [n, m] are True; a row without one is not asked."""
    asked = relevant.any(1)
    scores, relevant = scores[asked], relevant[asked]
    hit = relevant.gather(1, scores.argsort(1, descending=True))
    return [round(100 * hit[:, :k].any(1).float().mean().item(), 1) for k in (1, 5, 10)]


def rescore(model, coded, similarity, k, asked):
    """Score matrix shaped like similarity: ITM logits of the k best columns of each asked row, -100 elsewhere.

    asked = (rows, whether they are texts).
    """
    (rows, by_text), scores = asked, torch.full_like(similarity, -100.0)
    for row in rows.nonzero()[:, 0].tolist():
        best = similarity[row].topk(min(k, similarity.shape[1])).indices
        text_rows, image_rows = ([row] * len(best), best) if by_text else (best, [row] * len(best))
        logits = model.match(coded["text"][text_rows], coded["mask"][text_rows], coded["image"][image_rows])
        scores[row, best] = logits[:, 1]
    return scores


@torch.no_grad()
def measure(model, tokenizer, annotations, k):
    """Recalls text to image (IR) and image to text (TR): ITC alone, ITM re-ranking, and their sum."""
    images, captions, image_of = load_set(annotations, 64)
    ids, mask = map(torch.tensor, tokenizer.batch(captions))
    text, text_feature = model.text(ids, mask)
    parts = [model.image(images[i : i + 64]) for i in range(0, len(images), 64)]
    image, image_feature = (torch.cat(part) for part in zip(*parts))
    coded = {"image": image, "text": text, "mask": mask}
    similarity = text_feature @ image_feature.t()
    relevant = image_of[:, None] == torch.arange(len(images))[None]
    ir = rescore(model, coded, similarity, k, (relevant.any(1), True))
    tr = rescore(model, coded, similarity.t(), k, (relevant.any(0), False))
    return {
        "pictures": len(images),
        "IR": recalls(similarity, relevant),
        "TR": recalls(similarity.t(), relevant.t()),
        "IR_itm": recalls(ir, relevant),
        "TR_itm": recalls(tr, relevant.t()),
        "IR_sum": recalls(ir + ITC_SHARE * similarity, relevant),
        "TR_sum": recalls(tr + ITC_SHARE * similarity.t(), relevant.t()),
    }
