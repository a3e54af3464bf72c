"""Data of the downstream tasks from composed scenes: python3 tasks.py CORPUS OUT [--train 160] [--held-out 80].

OUT gets pictures and, for both parts, the official annotation files of VQA, SNLI-VE, NLVR2 and RefCOCO+. The corpus is
built by build.py first. The same numbers give the same files; larger ones begin with the scenes of smaller ones.
"""

import argparse
import json
import random
from pathlib import Path

import numpy as np

from build import credits
from scenes import SIDE, compose
from statements import claims, phrases, questions, true_and_false, undecided

PARTS = ("train", "held-out")
ANNOTATORS = 10


def answer_type(answer):
    return "yes/no" if answer in ("yes", "no") else "number" if answer.isdigit() else "other"


def vqa(scenes, part):
    """Questions in the format of the official vqa_train.json, and the answers as VQA v2 lists them."""
    listed, answered = [], []
    for index, scene in enumerate(scenes):
        rng = random.Random(f"vqa {part} {index}")
        found = questions(scene, rng)
        for question, answer in rng.sample(found, min(3, len(found))):
            number = 1 + len(listed) + PARTS.index(part) * 1_000_000
            entry = {"question_id": number, "image": scene["file"], "question": question, "dataset": "vqa"}
            listed.append({**entry, "answer": [answer]} if part == "train" else entry)
            types = {"question_type": " ".join(question.split()[:2]), "answer_type": answer_type(answer)}
            said = {"multiple_choice_answer": answer, "answers": [{"answer": answer}] * ANNOTATORS}
            answered.append({"question_id": number, **types, **said})
    return listed, answered


def entailment(scenes, part):
    """One sentence of each label about each picture."""
    listed = []
    for index, scene in enumerate(scenes):
        rng = random.Random(f"ve {part} {index}")
        true, wrong = rng.choice(claims(scene, rng))
        said = {"entailment": true, "contradiction": wrong, "neutral": rng.choice(undecided(scene, rng))}
        listed += [{"image": scene["file"], "sentence": sentence, "label": label} for label, sentence in said.items()]
    return listed


def partner(scenes, index, rng):
    """Another scene; as a rule one that shows something of this one, so that sentences cannot be told from one picture."""
    mine = {thing["name"] for thing in scenes[index]["things"]}
    rest = [scene for i, scene in enumerate(scenes) if i != index]
    like = [scene for scene in rest if mine & {thing["name"] for thing in scene["things"]}]
    return rng.choice(like if like and rng.random() < 0.7 else rest)


def nlvr2(scenes, part):
    """A true and a false sentence of one form about each pair of pictures, so that wording gives nothing away."""
    listed = []
    for index, scene in enumerate(scenes):
        rng = random.Random(f"nlvr2 {part} {index}")
        pair = [scene, partner(scenes, index, rng)]
        rng.shuffle(pair)
        said = true_and_false(*pair, rng)
        images = [shown["file"] for shown in pair]
        listed += [{"sentence": said[truth], "label": str(truth), "images": images} for truth in (True, False)]
    return listed


def proposals(scene, rng):
    """What a detector would find: the boxes of the things, a little off, and two boxes of nothing."""
    inside = lambda x, y, w, h: [max(0, x), max(0, y), min(w, SIDE - max(0, x)), min(h, SIDE - max(0, y))]
    near = lambda box: inside(*(value + rng.randint(-1, 1) for value in box))
    loose = [inside(rng.randint(0, 60), rng.randint(0, 60), rng.randint(16, 40), rng.randint(16, 40)) for _ in range(2)]
    found = [near(thing["box"]) for thing in scene["things"]] + loose
    rng.shuffle(found)
    return found


def grounding(scenes, part):
    """RefCOCO+ files: expressions, references, COCO instances and detections per image id."""
    files = {"expressions": [], "refs": [], "dets": {}}
    instances = {"images": [], "annotations": []}
    for index, scene in enumerate(scenes):
        rng, image = random.Random(f"refcoco {part} {index}"), 1 + index + PARTS.index(part) * 1_000_000
        found = phrases(scene)
        if len(scene["things"]) < 2 or not found:
            continue
        instances["images"].append({"id": image, "file_name": scene["file"], "width": SIDE, "height": SIDE})
        files["dets"][str(image)] = proposals(scene, rng)
        for phrase, box in rng.sample(found, min(2, len(found))):
            number = 1 + len(files["refs"]) + PARTS.index(part) * 1_000_000
            expression = {"image": scene["file"], "text": phrase}
            files["expressions"].append(expression if part == "train" else {**expression, "ref_id": number})
            split = "train" if part == "train" else "val"
            files["refs"].append({"ref_id": number, "ann_id": number, "image_id": image, "split": split})
            instances["annotations"].append({"id": number, "image_id": image, "bbox": box})
    return {**files, "instances": instances}


def save(path, content):
    """JSON with one entry a line, so that changes can be read."""
    if isinstance(content, dict):
        inner = ",\n".join(f"{json.dumps(name)}: {rows(value)}" for name, value in content.items())
        path.write_text("{\n" + inner + "\n}\n")
    else:
        path.write_text(rows(content) + "\n")


def rows(content):
    if isinstance(content, dict) or not content or not isinstance(content[0], (dict, list)):
        return json.dumps(content)
    return "[\n" + ",\n".join(json.dumps(entry) for entry in content) + "\n]"


def save_part(scenes, part, out):
    listed, answered = vqa(scenes, part)
    save(out / f"vqa-{part}.json", listed)
    save(out / f"ve-{part}.json", entailment(scenes, part))
    save(out / f"nlvr2-{part}.json", nlvr2(scenes, part))
    found = grounding(scenes, part)
    save(out / f"refcoco-{part}.json", found["expressions"])
    if part == "held-out":
        save(out / "vqa-held-out-annotations.json", {"annotations": answered})
        for name in ("refs", "instances", "dets"):
            save(out / f"refcoco-{name}.json", found[name])
    return sorted({entry["multiple_choice_answer"] for entry in answered})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--train", type=int, default=160)
    parser.add_argument("--held-out", type=int, default=80)
    options = parser.parse_args()
    corpus = json.loads((options.corpus / "corpus.json").read_text())
    pixels, photos = np.load(options.corpus / "images.npy", mmap_mode="r"), np.load(options.corpus / "photos.npy")
    answers, used = set(), set()
    for part, many in (("train", options.train), ("held-out", options.held_out)):
        (options.out / part).mkdir(parents=True, exist_ok=True)
        scenes = [compose(corpus, pixels, photos, part, index) for index in range(many)]
        for index, scene in enumerate(scenes):
            scene["file"] = f"{part}/{index:05d}.webp"
            scene["image"].save(options.out / scene["file"], quality=80, method=6)
            used |= {corpus["pictures"][thing["row"]]["style"] for thing in scene["things"]} | {scene["photo"]}
        answers |= set(save_part(scenes, part, options.out))
        print(part, len(scenes), "scenes")
    save(options.out / "answer-list.json", sorted(answers))
    lines = [
        "Drawings and photographs that the scenes are composed of; other shapes, sizes and colours were given to them.",
        "",
    ]
    (options.out / "NOTICE").write_text("\n".join(lines + credits(used)) + "\n")


if __name__ == "__main__":
    main()
