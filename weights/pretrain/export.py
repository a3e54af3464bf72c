"""Export a checkpoint: python3 export.py CORPUS RUN/last.pt OUT [--teacher] [--before MODEL [--share 0.5]].

Writes weights, configuration, tokenizer, recorded results and recalls. --teacher takes the momentum copy, which is an
average of the last few hundred steps. --before MODEL names the weights that the run went on from; a --share of the new ones
below 1 takes a mean of both: between the two, recall can be higher than at either end (Wortsman et al. 2022, weight-space
ensembles).
"""

import argparse
import hashlib
import json
from pathlib import Path

import torch

import safetensors_file
from corpus import Corpus
from model import Albef
from official import from_official, load_grown, to_official
from recall import load_image, measure
from text import CLS, MASK, PAD, SEP, UNK

HERE = Path(__file__).parent
SETS = (
    "held-out", "unseen-style", "unseen-concepts", "held-out-large", "unseen-style-large", "unseen-concepts-large",
    "unseen-templates", "unseen-wording", "photographs",
)  # fmt: skip
RERANKED = 16
QUERIES = ("a red car", "a photo of a cat", "yellow fruit", "a sailboat")


def describe(config, rerank):
    """config.json in the official names."""
    ids = {"pad_token_id": PAD, "unk_token_id": UNK, "cls_token_id": CLS, "sep_token_id": SEP, "mask_token_id": MASK}
    training = {name: config["training"][name] for name in ("queue_size", "momentum", "alpha", "mlm_probability")}
    bert = {**config["model"]["bert_config"], **ids}
    return {**config["model"], "vit_layer_norm_eps": 1e-6, **training, **ids, "rerank": rerank, "bert_config": bert}


def record(model, tokenizer, out):
    """Inputs and results of four pictures and four captions of the gallery, from the exported weights."""
    listed = json.loads((HERE.parent / "gallery" / "gallery.json").read_text())
    chosen = [listed[i] for i in (0, len(listed) // 3, 2 * len(listed) // 3, len(listed) - 1)]
    images = torch.stack([load_image(HERE.parent / "gallery" / entry["file"], 64) for entry in chosen])
    ids, mask = map(torch.tensor, tokenizer.batch(list(QUERIES)))
    image, image_feature = model.image(images)
    text, text_feature = model.text(ids, mask)
    pairs = [model.match(text[i : i + 1].expand(4, -1, -1), mask[i : i + 1].expand(4, -1), image) for i in range(4)]
    given = {"in.image": images, "in.input_ids": ids, "in.attention_mask": mask}
    found = {"out.image_feat": image_feature, "out.text_feat": text_feature, "out.itm_logits": torch.stack(pairs)}
    safetensors_file.write(out / "recorded.safetensors", {k: v.numpy() for k, v in {**given, **found}.items()})
    shapes = {"out.image_feat": "[4, E]", "out.text_feat": "[4, E]", "out.itm_logits": "[caption, picture, 2]"}
    described = {"images": [entry["file"] for entry in chosen], "captions": QUERIES, "shapes": shapes, "atol": 2e-4}
    (out / "recorded.json").write_text(json.dumps(described, indent=2) + "\n")


def write_manifest(out):
    """manifest.json: sizes and SHA-256 of the files that a page downloads."""
    names = ("config.json", "model.safetensors", "recorded.safetensors", "tokenizer.json", "tokenizer_config.json")
    found = {name: (out / name).read_bytes() for name in names}
    files = {n: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()} for n, data in found.items()}
    (out / "manifest.json").write_text(json.dumps({"files": files}, indent=2) + "\n")


def trainings(state, options):
    """What led to these weights, the earliest first."""
    before = json.loads((options.before / "evaluation.json").read_text())["training"] if options.before else []
    mixed = f", {options.share} of a mean with those before" if options.before and options.share < 1 else ""
    weights = ("momentum copy" if options.teacher else "model") + mixed
    this = {name: state[name] for name in ("seconds", "steps", "samples", "phase")} | {"weights": weights}
    return [*(before if isinstance(before, list) else [before]), this]


def weights_of(state, tokenizer, options):
    """The model that is exported."""
    trained = Albef(state["config"]["model"])
    new = state["teacher" if options.teacher else "model"]
    if options.before and options.share < 1:
        before = load_grown(Albef(state["config"]["model"]), options.before, tokenizer).state_dict()
        new = {name: options.share * value + (1 - options.share) * before[name] for name, value in new.items()}
    trained.load_state_dict(new)
    return trained


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--teacher", action="store_true")
    parser.add_argument("--before", type=Path)
    parser.add_argument("--share", type=float, default=1.0)
    options = parser.parse_args()
    out = options.out
    out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    state, tokenizer = torch.load(options.checkpoint), Corpus(options.corpus, 0).tokenizer
    config = state["config"]
    positions = config["model"]["bert_config"]["max_position_embeddings"]
    safetensors_file.write(out / "model.safetensors", to_official(weights_of(state, tokenizer, options), positions))
    model = from_official(config["model"], out / "model.safetensors")
    found = {name: measure(model, tokenizer, HERE.parent / "eval" / f"{name}.json", RERANKED) for name in SETS}
    (out / "tokenizer.json").write_text(tokenizer.to_json() + "\n")
    special = {f"{n}_token": f"[{n.upper()}]" for n in ("pad", "unk", "cls", "sep", "mask")}
    described = {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": positions, **special}
    (out / "tokenizer_config.json").write_text(json.dumps(described, indent=2) + "\n")
    first = lambda suffix: sum(found[name][way + suffix][0] for name in ("held-out", "unseen-style") for way in ("IR", "TR"))
    rerank = first("_itm") > first("")  # both ways, in trained and in new styles
    (out / "config.json").write_text(json.dumps(describe(config, rerank), indent=2) + "\n")
    record(model, tokenizer, out)
    write_manifest(out)
    report = {"training": trainings(state, options), "k_test": RERANKED, "recalls": found}
    (out / "evaluation.json").write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report))


if __name__ == "__main__":
    main()
