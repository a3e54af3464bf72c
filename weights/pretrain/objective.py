"""The losses of ALBEF pre-training (sections 3.2 and 3.3 of the paper) and the warm-up objective before them."""

import torch
import torch.nn.functional as F

from text import CLS, MASK, PAD

NO_MATCH_WEIGHT = torch.tensor([0.75, 1.5])


def same_concept(rows, columns):
    """Uniform targets [n, m] over the columns that show the row's concept."""
    equal = (rows[:, None] == columns[None]).float()
    return equal / equal.sum(1, keepdim=True)


def soft_cross_entropy(logits, target):
    return -(target * F.log_softmax(logits, -1)).sum(-1).mean()


def kept_patches(count, patches, dropped):
    """Random patches that stay, [B, k], or None for all."""
    if dropped <= 0:
        return None
    return torch.rand(count, patches).argsort(1)[:, : round(patches * (1 - dropped))]


def contrast_in_batch(model, words, batch, keep):
    """First phase: ITC within the batch, and both encoders predict the bag of fitting words through the tied table."""
    states, image = model.image(batch["image"], keep)
    text_states, text = model.text(batch["ids"], batch["mask"])
    similarity = image @ text.t() / model.temp
    target = same_concept(batch["concept"], batch["concept"])
    itc = (soft_cross_entropy(similarity, target) + soft_cross_entropy(similarity.t(), target)) / 2
    table = model.text_encoder.bert.embeddings["word_embeddings"].weight
    bag = lambda name, x: soft_cross_entropy(words[name](x[:, 0]) @ table.t() + words["bias"], batch["bags"])
    seen = bag("image", states)
    return {"itc": itc, "words": seen, "total": itc + 0.5 * seen + 0.1 * bag("text", text_states)}


def hard_negatives(similarity, concept, hardness):
    """Column per row of another concept, drawn by softmax of the similarities ([B, B], already divided by temp)."""
    weights = F.softmax(similarity.detach() * hardness, 1) + 1e-6
    weights = weights.masked_fill(concept[:, None] == concept[None], 0)
    return torch.multinomial(weights, 1)[:, 0]


def image_text_matching(model, image, text, batch, similarity, hardness):
    """ITM over B matching pairs and 2B hard negatives; both classes weigh the same. Returns loss and rates of right answers.

    Where the batch holds a foil for a picture, the foil is its wrong text. text = (states of captions, states of foils).
    """
    (text, foil), mask, concept = text, batch["mask"], batch["concept"]
    other_image = hard_negatives(similarity.t(), concept, hardness)
    other_text = hard_negatives(similarity, concept, hardness)
    foiled = batch["foiled"]
    wrong = torch.where(foiled[:, None, None], foil, text[other_text])
    texts = torch.cat([text, text, wrong])
    masks = torch.cat([mask, mask, torch.where(foiled[:, None], batch["foil_mask"], mask[other_text])])
    logits = model.match(texts, masks, torch.cat([image, image[other_image], image]))
    labels = torch.cat([torch.ones(len(text)), torch.zeros(2 * len(text))]).long()
    right = (logits.argmax(1) == labels).float()
    rates = {"match": right[labels == 1].mean(), "no_match": right[labels == 0].mean()}
    if foiled.any():
        rates["foil"] = right[2 * len(text) :][foiled].mean()
    return F.cross_entropy(logits, labels, NO_MATCH_WEIGHT), rates


def mask_words(ids, vocabulary, probability):
    """80 % [MASK], 10 % random, 10 % kept of the chosen words; at least one word of each row is chosen."""
    word = (ids != PAD) & (ids != CLS)
    chance = torch.rand(ids.shape).masked_fill(~word, 2)
    chosen = (chance < probability) | ((chance == chance.amin(1, keepdim=True)) & word)
    labels = torch.where(chosen, ids, torch.tensor(-100))
    kind = torch.rand(ids.shape)
    masked = torch.where(chosen & (kind < 0.8), torch.tensor(MASK), ids)
    random_ids = torch.randint(vocabulary, ids.shape)
    return torch.where(chosen & (kind >= 0.8) & (kind < 0.9), random_ids, masked), labels


def masked_language(model, teacher, batch, images, settings):
    """MLM loss; with a teacher, alpha of it is distillation. images = (online states, teacher states or None).

    Where settings["frozen_text"] is set, the text encoder is used as it is.
    """
    vocabulary = model.text_encoder.bert.embeddings["word_embeddings"].num_embeddings
    ids, labels = mask_words(batch["ids"], vocabulary, settings["mlm_probability"])
    chosen = labels != -100
    frozen = settings.get("frozen_text", False)

    def logits(network, image):
        bert = network.text_encoder.bert
        with torch.set_grad_enabled(torch.is_grad_enabled() and not frozen):
            text = bert.text(ids, batch["mask"])
        states = bert.fuse(text, batch["mask"], image)
        return network.text_encoder.vocabulary_logits(states[chosen], frozen)

    predicted = logits(model, images[0])
    loss = F.cross_entropy(predicted, labels[chosen])
    if teacher is None or settings["alpha_now"] == 0:
        return loss
    with torch.no_grad():
        soft = logits(teacher, images[1]).softmax(-1)
    alpha = settings["alpha_now"]
    return (1 - alpha) * loss + alpha * soft_cross_entropy(predicted, soft)


def every(batch, stride):
    """Every stride-th row; ITM and MLM use these."""
    return {name: value[::stride] for name, value in batch.items()}


def fusion_step(model, batch, settings):
    """Second phase: only the fusion layers and their heads learn; the encoders are used as they are."""
    with torch.no_grad():
        image, image_feature = model.image(batch["image"])
        text, text_feature = model.text(batch["ids"], batch["mask"])
        foil, _ = model.text(batch["foil_ids"], batch["foil_mask"])
        similarity = image_feature @ text_feature.t() / model.temp
    itm, rates = image_text_matching(model, image, (text, foil), batch, similarity, settings["hardness"])
    mlm = masked_language(model, None, every(batch, 2), (image[::2], None), {**settings, "frozen_text": True})
    return {"itm": itm, "mlm": mlm, "total": itm + 0.2 * mlm, **rates}


def joint_step(model, teacher, queue, batch, settings):
    """Third phase: the complete objective with momentum teacher, queue, soft targets and hard negatives."""
    keep = kept_patches(len(batch["image"]), model.visual_encoder.pos_embed.shape[1] - 1, settings["drop"])
    with torch.no_grad():
        model.temp.clamp_(0.001, 0.5)
        for slow, fast in zip(teacher.parameters(), model.parameters()):
            slow.lerp_(fast, 1 - settings["momentum"])
        states_m, image_m = teacher.image(batch["image"], keep)
        _, text_m = teacher.text(batch["ids"], batch["mask"])
        images_all, texts_all = torch.cat([image_m, queue["image"]]), torch.cat([text_m, queue["text"]])
        target = same_concept(batch["concept"], torch.cat([batch["concept"], queue["concept"]]))
        alpha = settings["alpha_now"]
        soften = lambda rows, columns: alpha * (rows @ columns.t() / model.temp).softmax(1) + (1 - alpha) * target
        to_text, to_image = soften(image_m, texts_all), soften(text_m, images_all)
    image, image_feature = model.image(batch["image"], keep)
    text, text_feature = model.text(batch["ids"], batch["mask"])
    i2t, t2i = image_feature @ texts_all.t() / model.temp, text_feature @ images_all.t() / model.temp
    itc = (soft_cross_entropy(i2t, to_text) + soft_cross_entropy(t2i, to_image)) / 2
    push(queue, image_m, text_m, batch["concept"])
    stride = settings["fusion_stride"]
    fused = every(batch, stride)
    in_batch = i2t[::stride, : len(image)][:, ::stride]
    foil, _ = model.text(fused["foil_ids"], fused["foil_mask"])
    itm, rates = image_text_matching(model, image[::stride], (text[::stride], foil), fused, in_batch, 1.0)
    mlm = masked_language(model, teacher, fused, (image[::stride], states_m[::stride]), settings)
    return {"itc": itc, "itm": itm, "mlm": mlm, "total": itc + itm + 0.3 * mlm, **rates}


def push(queue, image, text, concept):
    """Overwrite the oldest entries of the ring (in place)."""
    at = (torch.arange(len(image)) + queue["pointer"]) % len(queue["concept"])
    queue["image"][at], queue["text"][at], queue["concept"][at] = image, text, concept
    queue["pointer"] = int((queue["pointer"] + len(image)) % len(queue["concept"]))
