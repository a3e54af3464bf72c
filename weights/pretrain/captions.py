"""Captions of a picture: names, templates, keywords, and the colours that are really shown."""

import torch

import shared  # noqa: F401
from colours import COLOURS
from english import article

TEMPLATES = (
    "a picture of {}", "a photo of {}", "a drawing of {}", "an image of {}", "{} icon", "this is {}", "a cartoon of {}",
    "there is {}", "{} on its own", "a nice picture of {}", "look at {}", "show me {}", "one {}",
)  # fmt: skip
BEFORE = (
    "find", "find me", "show", "please show", "i want", "we need", "i would like to see", "give me", "get", "here is", "it is",
    "that is", "this picture has", "i see", "you see", "do you have", "search for", "what about", "it looks like", "another",
    "only", "just", "my", "your", "the", "this", "draw", "paint", "take", "let me see", "can we have", "an icon for",
    "a symbol of", "a view of", "the image of", "the sign for", "the best of", "something like", "they made", "she has",
    "he has", "these are", "those are", "now", "a very good", "a little", "a big", "a new", "an old", "a beautiful", "a cute",
    "a simple", "a funny", "a plain", "a large", "a small", "how to draw", "all about",
)  # fmt: skip
AFTER = (
    "please", "here", "for you", "in this picture", "on the page", "on the screen", "again", "as an icon",
    "seen from the front", "seen from the side", "and nothing else", "today", "if you can", "up close", "in one colour", "in my app", "by hand",
    "made for us", "that i like", "to print", "so i can use it", "which is nice", "from the book",
)  # fmt: skip
STYLE_WORDS = {
    "fluent-3d": ("a 3d picture of {}", "a shiny {}", "a 3d {}"),
    "high-contrast": ("a black and white drawing of {}", "a black {}", "a silhouette of {}"),
    "emojione-mono": ("a black and white drawing of {}", "a black {}", "an outline of {}"),
}
SETTINGS = ("{} on a {} background", "{} in front of a {} wall", "{} and a {} background")


def noun_of(concept, rng):
    """The label, or another vendor's name for it."""
    if concept["names"] and rng.random() < 0.3:
        return rng.choice(concept["names"])
    return concept["label"]


def name_caption(concept, view, rng):
    """A caption that names the thing; view = {style, colour, background} of the shown picture (None = not said)."""
    noun, draw = noun_of(concept, rng), rng.random()
    if view["colour"] and rng.random() < 0.5:
        noun = f"{view['colour']} {noun}"
    elif view["style"] in STYLE_WORDS and draw < 0.12:
        return rng.choice(STYLE_WORDS[view["style"]]).format(noun)
    if view["background"] and rng.random() < 0.35:
        return rng.choice(SETTINGS).format(article(noun), view["background"])
    if draw < 0.35:
        return article(noun)
    if draw < 0.62:
        return rng.choice(TEMPLATES).format(article(noun) if rng.random() < 0.6 else noun)
    return noun


def framed(caption, rng):
    """Half of the time words around the caption that say nothing about the picture, as people who search put them."""
    before = rng.choice(BEFORE) if rng.random() < 0.4 else ""
    after = rng.choice(AFTER) if rng.random() < 0.2 else ""
    return " ".join(part for part in (before, caption, after) if part)


def free_caption(concept, view, rng):
    """Any caption: names, name with keywords, or keywords alone."""
    draw, tags = rng.random(), concept["tags"]
    if draw < 0.62 or not tags:
        return name_caption(concept, view, rng)
    some = rng.sample(tags, min(len(tags), rng.choice((1, 2, 2, 3))))
    if draw < 0.8:
        return " ".join([concept["label"], *some[:2]])
    if view["colour"] and rng.random() < 0.4:
        some = [view["colour"], *some]
    return " ".join(some) if rng.random() < 0.7 else article(" ".join(some))


def bag_of_words(concept, caption, tokenizer):
    """Token weights of the words that fit: the label 1, this caption 0.5, keywords 0.3."""
    weights = {}
    for text, weight in [*((t, 0.3) for t in concept["tags"][:10]), (caption, 0.5), (concept["label"], 1.0)]:
        for token in tokenizer.encode(text)[1:]:
            weights[token] = max(weight, weights.get(token, 0))
    return weights


def dense(bags, vocabulary):
    """Bags as rows [n, V] that sum to 1."""
    target = torch.zeros(len(bags), vocabulary)
    for row, bag in enumerate(bags):
        target[row, list(bag)] = torch.tensor(list(bag.values()))
    return target / target.sum(1, keepdim=True)


def all_texts(concepts, photos):
    """Every text that training can show, for the vocabulary."""
    texts = [*TEMPLATES, *BEFORE, *AFTER, *SETTINGS, *COLOURS, "a an the of in on with and two three small big"]
    texts += [template for group in STYLE_WORDS.values() for template in group]
    for concept in concepts:
        texts += [concept["label"], *concept["names"], *concept["tags"]]
    texts += [caption for photo in photos for caption in photo["captions"]]
    return [text.replace("{}", " ") for text in texts]
