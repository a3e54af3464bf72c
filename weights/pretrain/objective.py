"""The losses of ALBEF pre-training (sections 3.2 and 3.3 of the paper) and the warm-up objective before them."""

import torch
import torch.nn.functional as F

from text import CLS, MASK, PAD


def same_concept(rows, columns):
    """Uniform targets [n, m] over the columns that show the row's concept."""
    equal = (rows[:, None] == columns[None]).float()
    return equal / equal.sum(1, keepdim=True)


def soft_cross_entropy(logits, target):
    return -(target * F.log_softmax(logits, -1)).sum(-1).mean()


def similarities(rows, columns, temp):
    """[n, m] in float32, whatever the precision around: their differences are small."""
    with torch.autocast(rows.device.type, enabled=False):
        return rows.float() @ columns.float().t() / temp


def kept_patches(model, image, dropped):
    """Random patches of each image that stay, [B, k], or None for all."""
    if dropped <= 0:
        return None
    patches = model.visual_encoder.pos_embed.shape[1] - 1
    return torch.rand(len(image), patches, device=image.device).argsort(1)[:, : round(patches * (1 - dropped))]


def contrast_in_batch(model, words, batch, settings):
    """First phase: ITC within the batch, and both encoders predict the bag of fitting words through the tied table."""
    states, image = model.image(batch["image"], kept_patches(model, batch["image"], settings["drop"]))
    text_states, text = model.text(batch["ids"], batch["mask"])
    similarity = similarities(image, text, model.temp)
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


def wrong_texts(model, text, batch, other):
    """States and mask of a text that does not fit each picture: another row's, or its foil where it has one.

    Foils teach the text encoder only where the other texts do.
    """
    states, mask = text[other], batch["mask"][other]
    if "foiled" not in batch or not batch["foiled"].any():
        return states, mask
    with torch.set_grad_enabled(text.requires_grad):
        foil, _ = model.text(batch["foil_ids"], batch["foil_mask"])
    foiled = batch["foiled"][:, None]
    return torch.where(foiled[..., None], foil, states), torch.where(foiled, batch["foil_mask"], mask)


def image_text_matching(model, states, batch, similarity, settings):
    """ITM over B matching pairs and 2B wrong ones, states = (image, text). Returns the loss and rates of right answers.

    The batch may hold the negatives ("negative_images", "negative_texts") instead of having them drawn.
    """
    (image, text), mask, concept = states, batch["mask"], batch["concept"]
    drawn = lambda name, rows: batch[name] if name in batch else hard_negatives(rows, concept, settings["hardness"])
    other_image = drawn("negative_images", similarity.t())
    wrong, wrong_mask = wrong_texts(model, text, batch, drawn("negative_texts", similarity))
    texts, masks = torch.cat([text, text, wrong]), torch.cat([mask, mask, wrong_mask])
    logits = model.match(texts, masks, torch.cat([image, image[other_image], image]))
    labels = (torch.arange(3 * len(text), device=logits.device) < len(text)).long()
    right = (logits.argmax(1) == labels).float()
    rates = {"match": right[labels == 1].mean(), "no_match": right[labels == 0].mean()}
    if "foiled" in batch and batch["foiled"].any():
        rates["foil"] = right[2 * len(text) :][batch["foiled"]].mean()
    return F.cross_entropy(logits.float(), labels, torch.tensor(settings["itm_weights"], device=logits.device)), rates


def mask_words(ids, vocabulary, probability):
    """80 % [MASK], 10 % random, 10 % kept of the chosen words; at least one word of each row is chosen."""
    word = (ids != PAD) & (ids != CLS)
    chance = torch.rand(ids.shape, device=ids.device).masked_fill(~word, 2)
    chosen = (chance < probability) | ((chance == chance.amin(1, keepdim=True)) & word)
    labels = ids.masked_fill(~chosen, -100)
    kind = torch.rand(ids.shape, device=ids.device)
    masked = ids.masked_fill(chosen & (kind < 0.8), MASK)
    random_ids = torch.randint(vocabulary, ids.shape, device=ids.device)
    return torch.where(chosen & (kind >= 0.8) & (kind < 0.9), random_ids, masked), labels


def masked_language(model, teacher, batch, images, settings):
    """MLM loss; with a teacher, alpha of it is distillation. images = (online states, teacher states or None).

    Where settings["frozen_text"] is set, the text encoder is used as it is. The batch may hold "masked_ids" and "labels".
    """
    vocabulary = model.text_encoder.bert.embeddings["word_embeddings"].num_embeddings
    if "masked_ids" in batch:
        ids, labels = batch["masked_ids"], batch["labels"]
    else:
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
        similarity = similarities(image_feature, text_feature, model.temp)
    itm, rates = image_text_matching(model, (image, text), batch, similarity, settings)
    mlm = masked_language(model, None, every(batch, 2), (image[::2], None), {**settings, "frozen_text": True})
    return {"itm": itm, "mlm": mlm, "total": itm + settings["mlm_weight"] * mlm, **rates}


def joint_step(model, teacher, queue, batch, settings):
    """Third phase: the complete objective with momentum teacher, queue, soft targets and hard negatives.

    Returns the losses and what is to enter the queue.
    """
    keep = kept_patches(model, batch["image"], settings["drop"])
    with torch.no_grad():
        states_m, image_m = teacher.image(batch["image"], keep)
        _, text_m = teacher.text(batch["ids"], batch["mask"])
        images_all, texts_all = torch.cat([image_m, queue["image"]]), torch.cat([text_m, queue["text"]])
        target = same_concept(batch["concept"], torch.cat([batch["concept"], queue["concept"]]))
        alpha = settings["alpha_now"]
        soften = lambda rows, columns: alpha * similarities(rows, columns, model.temp).softmax(1) + (1 - alpha) * target
        to_text, to_image = soften(image_m, texts_all), soften(text_m, images_all)
    image, image_feature = model.image(batch["image"], keep)
    text, text_feature = model.text(batch["ids"], batch["mask"])
    i2t, t2i = (similarities(*pair, model.temp) for pair in ((image_feature, texts_all), (text_feature, images_all)))
    itc = (soft_cross_entropy(i2t, to_text) + soft_cross_entropy(t2i, to_image)) / 2
    stride = settings["fusion_stride"]
    fused = every(batch, stride)
    in_batch = i2t[::stride, : len(image)][:, ::stride]
    itm, rates = image_text_matching(model, (image[::stride], text[::stride]), fused, in_batch, settings)
    mlm = masked_language(model, teacher, fused, (image[::stride], states_m[::stride]), settings)
    losses = {"itc": itc, "itm": itm, "mlm": mlm, "total": itc + itm + settings["mlm_weight"] * mlm, **rates}
    return losses, {"image": image_m, "text": text_m, "concept": batch["concept"]}


@torch.no_grad()
def follow(teacher, model, momentum):
    """The momentum copy's step towards the model."""
    for slow, fast in zip(teacher.parameters(), model.parameters()):
        slow.lerp_(fast, 1 - momentum)


def push(queue, fresh):
    """Overwrite the oldest entries of the ring (in place)."""
    count, size = len(fresh["concept"]), len(queue["concept"])
    at = (torch.arange(count, device=fresh["concept"].device) + queue["pointer"]) % size
    for name, values in fresh.items():
        queue[name][at] = values.to(queue[name].dtype)
    queue["pointer"] = (queue["pointer"] + count) % size
