"""Retrieval recalls by the official protocol: ITC over all pairs, ITM re-scoring of the best ones."""

import torch

from augment import on_white


def captions_of(corpus, rows):
    """The plain label of each row's concept, with an article."""
    labels = [corpus.concepts[corpus.rows[i]["concept"]]["label"] for i in rows]
    return [("an " if label[0] in "aeiou" else "a ") + label for label in labels]


@torch.no_grad()
def encode(model, corpus, rows):
    """States and features of pictures and captions of the rows."""
    parts = [model.image(on_white(corpus.rgba(rows[i : i + 64]))) for i in range(0, len(rows), 64)]
    ids, mask = map(torch.tensor, corpus.tokenizer.batch(captions_of(corpus, rows)))
    text, text_feature = model.text(ids, mask)
    states, features = (torch.cat(part) for part in zip(*parts))
    return {"image": states, "image_feature": features, "text": text, "mask": mask, "text_feature": text_feature}


def recalls(scores, rows_of, columns_of):
    """R@1, 5, 10 in percent: a row counts if a column of its own concept is among the best."""
    order = scores.argsort(1, descending=True)
    hit = columns_of[order] == rows_of[:, None]
    return [round(100 * hit[:, :k].any(1).float().mean().item(), 1) for k in (1, 5, 10)]


@torch.no_grad()
def rerank(model, coded, similarity, k):
    """Scores [texts, images]: ITM logits of the k best per text (others -100), and the same plus ten similarities."""
    logit = torch.full_like(similarity, -100.0)
    for row in range(len(similarity)):
        best = similarity[row].topk(min(k, similarity.shape[1])).indices
        text = coded["text"][row].expand(len(best), -1, -1)
        mask = coded["mask"][row].expand(len(best), -1)
        logit[row, best] = model.match(text, mask, coded["image"][best])[:, 1]
    return logit, logit + similarity * 10


def evaluate(model, corpus, rows, settings):
    """Recalls of ITC alone both ways and of re-ranking (text to image) for {"limit", "k"}."""
    step = max(1, len(rows) // settings["limit"])
    rows = rows[::step][: settings["limit"]]
    model.eval()
    coded = encode(model, corpus, rows)
    concept = torch.tensor([corpus.number[corpus.rows[i]["concept"]] for i in rows])
    similarity = coded["text_feature"] @ coded["image_feature"].t()
    result = {"pictures": len(rows), "t2i": recalls(similarity, concept, concept)}
    result["i2t"] = recalls(similarity.t(), concept, concept)
    if settings["k"]:
        logit, both = rerank(model, coded, similarity, settings["k"])
        result["t2i_itm"], result["t2i_sum"] = recalls(logit, concept, concept), recalls(both, concept, concept)
    model.train()
    return result
