"""What search by words alone finds: python3 overlap.py CORPUS SET.json ... Prints R@1, 5, 10 beside those of chance.

A picture has the name of its thing, or the keywords that the makers' tables give to it; a caption finds the pictures whose
words it shares, rare words first (inverse document frequency). Pictures that tie are in random order: the mean over all orders.
"""

import json
import math
import re
import sys
from collections import Counter
from pathlib import Path

import shared  # noqa: F401
from gallery import slug

IDLE = {"a", "an", "the", "of", "in", "on", "and", "to", "with", "that", "it", "is", "for"}
DEPTHS = (1, 5, 10)


def words(text):
    return set(re.findall(r"[a-z0-9]+", text.lower())) - IDLE


def found_within(scores, right, depth):
    """Chance that the picture `right` is among the first `depth`, over all orders of those that tie."""
    better = sum(score > scores[right] for score in scores)
    ties = sum(score == scores[right] for score in scores)
    return min(1.0, max(0.0, (depth - better) / ties))


def overlap_recalls(queries, described):
    """queries: (caption, index of its picture); described: the words of each picture -> percent at each depth."""
    known = Counter(word for texts in described for word in texts)
    rarity = {word: math.log(1 + len(described) / count) for word, count in known.items()}
    hits = dict.fromkeys(DEPTHS, 0.0)
    for caption, right in queries:
        asked = words(caption)
        scores = [sum(rarity[word] for word in asked & texts) for texts in described]
        for depth in DEPTHS:
            hits[depth] += found_within(scores, right, depth)
    return [round(100 * hits[depth] / len(queries), 1) for depth in DEPTHS]


def main(corpus, sets):
    concepts = {slug(c["label"]): c for c in json.loads((corpus / "corpus.json").read_text())["concepts"]}
    for path in sets:
        listed = json.loads(path.read_text())
        longest = lambda stem: max((n for n in concepts if stem.startswith(n + "-")), key=len, default=None)
        things = [concepts.get(longest(Path(entry["image"]).stem)) for entry in listed]
        queries = [(caption, i) for i, entry in enumerate(listed) for caption in entry["caption"]]
        keywords = [words(" ".join(thing["tags"])) if thing else set() for thing in things]
        names = [words(thing["label"]) if thing else set() for thing in things]
        chance = [round(100 * depth / len(listed), 1) for depth in DEPTHS]
        print(f"{path.stem}: chance {chance}, by keywords {overlap_recalls(queries, keywords)}, ", end="")
        print(f"by names {overlap_recalls(queries, names)}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
