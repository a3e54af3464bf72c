"""What can truly be said and asked about a scene of scenes.compose: facts, questions, sentences, phrases."""

from colours import COLOURS
from english import article, plural
from scenes import KIND, above, left_of

NUMBERS = ("no", "one", "two", "three", "four")
RELATIONS = {"left of": left_of, "right of": lambda a, b: left_of(b, a), "above": above, "below": lambda a, b: above(b, a)}
ASKED = {"left of": "to the left of", "right of": "to the right of", "above": "above", "below": "below"}
OPPOSITE = {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}
UNSEEN = {
    "animal": ("the {} is hungry", "the {} has a name", "the {} is two years old", "the {} belongs to a child"),
    "food": ("the {} was bought today", "someone will eat the {} soon", "the {} was a gift", "the {} is still cold"),
    "vehicle": ("the {} is ten years old", "the {} was rented", "the {} belongs to a teacher", "the {} is very expensive"),
    "object": ("the {} was a gift", "the {} is new", "the {} belongs to a teacher", "someone is looking for the {}"),
}


def count(scene, name):
    return sum(thing["name"] == name for thing in scene["things"])


def alone(scene):
    """Things whose name no other thing of the scene has."""
    return [thing for thing in scene["things"] if count(scene, thing["name"]) == 1]


def related(scene):
    """(first, relation, second) for things with names of their own; nothing else stands so to the second."""
    single = alone(scene)
    for second in single:
        for relation, holds in RELATIONS.items():
            firsts = [thing for thing in scene["things"] if thing is not second and holds(thing, second)]
            if len(firsts) == 1 and firsts[0] in single:
                yield firsts[0], relation, second


def number_of(scene, name):
    """ "a cat" or "three cats"."""
    many = count(scene, name)
    return article(name) if many == 1 else f"{NUMBERS[many]} {plural(name)}"


def absent(scenes, rng):
    """The name of a thing that none of the scenes shows."""
    return rng.choice([name for name in sorted(KIND) if not any(count(scene, name) for scene in scenes)])


def other(items, wrong, rng):
    return rng.choice([item for item in items if item not in wrong])


def questions(scene, rng):
    """(question, answer) pairs of every sort that the scene allows."""
    found = []
    for first, relation, second in related(scene):
        found.append((f"what is {ASKED[relation]} the {second['name']}?", first["name"]))
    for thing in alone(scene):
        if thing["colour"]:
            found.append((f"what color is the {thing['name']}?", thing["colour"]))
    name = rng.choice(scene["things"])["name"]
    if count(scene, name) > 1 or rng.random() < 0.3:
        found.append((f"how many {plural(name)} are there?", str(count(scene, name))))
    asked, answer = (name, "yes") if rng.random() < 0.5 else (absent([scene], rng), "no")
    found.append((f"is there {article(asked)} in the picture?", answer))
    if len({thing["name"] for thing in scene["things"]}) == 1:
        found.append(("what is in the picture?", name))
    return found


def claims(scene, rng):
    """Pairs of a true sentence and one of the same form that the scene contradicts, so that wording gives nothing away."""
    found = []
    for first, relation, second in related(scene):
        a, b = article(first["name"]), article(second["name"])
        wrong = f"{a} is {OPPOSITE[relation]} {b}" if rng.random() < 0.5 else f"{b} is {relation} {a}"
        found.append((f"{a} is {relation} {b}", wrong))
    for thing in alone(scene):
        if thing["colour"]:
            wrong = other(COLOURS, (thing["colour"],), rng)
            found.append((f"the {thing['name']} is {thing['colour']}", f"the {thing['name']} is {wrong}"))
    for name in sorted({thing["name"] for thing in scene["things"]}):
        many = count(scene, name)
        wrong = NUMBERS[other((1, 2, 3, 4), (many,), rng)]
        wrong = article(name) if wrong == "one" else f"{wrong} {plural(name)}"
        found.append((f"the picture shows {number_of(scene, name)}", f"the picture shows {wrong}"))
        found.append((f"there is no {absent([scene], rng)}", f"there is no {name}"))
    kinds = sorted({KIND[thing["name"]] for thing in scene["things"]})
    if len(kinds) < len(UNSEEN):
        found.append(tuple(f"there is {article(kind)}" for kind in (rng.choice(kinds), other(sorted(UNSEEN), kinds, rng))))
    return found


def undecided(scene, rng):
    """Sentences about what is shown that the picture cannot settle."""
    return [rng.choice(UNSEEN[KIND[thing["name"]]]).format(thing["name"]) for thing in scene["things"]]


def pair_claims(left, right, rng):
    """{form: (sentence, whether it is true)} about two scenes, worded as in NLVR2; drawn anew at each call."""
    shown = sorted({thing["name"] for scene in (left, right) for thing in scene["things"]})
    one, two = rng.choice(shown), rng.choice(shown)
    any_one = rng.choice((one, absent([left, right], rng)))
    on_left, on_right = count(left, one), count(right, one)
    total, said = on_left + on_right, rng.randint(1, 4)
    several = "is exactly one " + one if said == 1 else f"are exactly {NUMBERS[said]} {plural(one)}"
    a, b = article(one), article(two)
    crossed = on_left and count(right, two) or on_right and count(left, two)
    return {
        "both": (f"both images show {a}", bool(on_left and on_right)),
        "one": (f"one of the images shows {article(any_one)}", bool(count(left, any_one) or count(right, any_one))),
        "left": (f"the left image shows {a}", bool(on_left)),
        "right": (f"the right image shows {a}", bool(on_right)),
        "each": (f"one image shows {a} and the other shows {b}", bool(crossed)),
        "more": (f"the left image shows more {plural(one)} than the right image", on_left > on_right),
        "total": (f"there {several} in total", total == said),
    }


def true_and_false(left, right, rng):
    """{truth: sentence} of one form about two scenes."""
    said = {}
    for form, (text, holds) in (item for _ in range(8) for item in pair_claims(left, right, rng).items()):
        said.setdefault(form, {}).setdefault(holds, text)
    return rng.choice([texts for texts in said.values() if len(texts) == 2])


def phrases(scene):
    """(phrase, box) for things that the phrase alone tells from the others."""
    found = []
    for thing in alone(scene):
        found.append((f"the {thing['name']}", thing["box"]))
        if thing["colour"]:
            found.append((f"{thing['colour']} {thing['name']}", thing["box"]))
    for first, relation, second in related(scene):
        found.append((f"the {first['name']} {relation} the {second['name']}", first["box"]))
    return found
