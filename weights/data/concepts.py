"""The concepts: everyday things that several makers drew, with their English names and keywords."""

import hashlib
import json
import re

GROUPS = {
    "Smileys & Emotion": 0.7,
    "People & Body": 0.6,
    "Animals & Nature": 1.2,
    "Food & Drink": 1.2,
    "Travel & Places": 1.1,
    "Activities": 1.0,
    "Objects": 1.0,
}
VARIANT = re.compile(
    r"^(man|woman|men|women|family|kiss|couple|mx|mrs|merman|deaf|bust|people with|person with|person in|person w|"
    r"princess with|left|right|oncoming|hand with index|fast |last |next |reverse |play |pause )\b.*|.*"
    r"(facing right|hair|beard|bald|gesturing|backhand|wards |pushing|o.clock|thirty|cyclone of).*"
)
KEEP = {"man", "woman", "mermaid", "woman dancing", "man dancing", "person in bed", "person in lotus position"}


def digest(text):
    """A stable number in [0, 1) from a text, for splits that never move."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:12], 16) / 16**12


def code_of(emoji):
    """Code points of an emoji in lower-case hex without the variation selector."""
    return "-".join(f"{ord(c):x}" for c in emoji if ord(c) != 0xFE0F)


def words(text):
    """Caption spelling: lower case, no punctuation."""
    text = text.lower().replace("&", " and ").replace("’", "").replace("'", "")
    return re.sub(r"[^a-z0-9]+", " ", text).strip()


def is_word(text):
    return bool(text) and len(text.split()) <= 3 and not re.search(r"\d", text)


def alternative_names(codes, shortcodes, label):
    """Names other vendors use, fit to be a caption of their own."""
    names = set()
    for vendor in shortcodes:
        found = vendor.get(codes, [])
        for name in [found] if isinstance(found, str) else found:
            name = words(name)
            if is_word(name) and name != label and len(name) > 3:
                names.add(name)
    return sorted(names)


def load_concepts(folders):
    """All kept concepts: {id, label, group, weight, names, tags, unseen}."""
    listed = json.loads((folders["unicode-emoji-json"] / "package/data-by-emoji.json").read_text())
    keywords = json.loads((folders["emojilib"] / "package/dist/emoji-en-US.json").read_text())
    base = folders["emojibase-data"] / "package/en"
    tags = {code_of(e["emoji"]): e.get("tags", []) for e in json.loads((base / "data.json").read_text())}
    vendors = ["github", "iamcal", "joypixels", "emojibase"]
    shortcodes = [json.loads((base / f"shortcodes/{v}.json").read_text()) for v in vendors]
    shortcodes = [{k.lower().replace("-fe0f", ""): v for k, v in vendor.items()} for vendor in shortcodes]
    concepts = []
    for emoji, entry in listed.items():
        label = words(entry["name"])
        dropped = VARIANT.match(entry["name"].lower()) and label not in KEEP
        if entry["group"] not in GROUPS or dropped:
            continue
        code = code_of(emoji)
        found = [words(t.replace("_", " ")) for t in keywords.get(emoji, []) + tags.get(code, [])]
        unique = sorted({t for t in found if is_word(t) and t != label and len(t) > 1})
        concepts.append(
            {
                "id": code,
                "label": label,
                "group": entry["group"],
                "weight": GROUPS[entry["group"]],
                "names": alternative_names(code, shortcodes, label),
                "tags": unique,
                "unseen": entry["group"] in list(GROUPS)[2:] and digest("held concept " + code) < 0.04,
            }
        )
    return concepts
