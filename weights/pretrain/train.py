"""Pre-train: python3 train.py CORPUS RUN [--config mini.json] [--start MODEL]. Resumes from RUN/last.pt.

CORPUS is what data/build.py made, or a folder of WebDataset shards (shards.py). On several GPUs or processes:
torchrun --nproc_per_node 8 --max_restarts 3 train.py CORPUS RUN; a process that dies sends all back to the last checkpoint.
It stops after the time budget. The schedule follows the elapsed share of the budget, so that a slow machine ends in time
with fewer steps.
"""

import argparse
import copy
import json
import os
import time
from pathlib import Path

import torch

import processes
from corpus import Corpus
from evaluate import evaluate
from exchange import open_training
from official import load_grown
from run import Run
from shards import Shards


def report(run, out, averages):
    """One line of losses and recalls on the held-out pairs and the style that is only used for development."""
    rows = {name: [i for i, row in enumerate(run.corpus.rows) if row["split"] == name] for name in ("held-out", "dev")}
    settings = {"limit": 350, "k": 0 if run.phase == "contrast" else run.training["k_test"]}
    line = {"seconds": round(run.seconds), "phase": run.phase, "steps": run.steps, "samples": run.samples, **averages}
    model = copy.deepcopy(run.model).cpu()
    line |= {name: evaluate(model, run.corpus, indices, settings) for name, indices in rows.items() if indices}
    with (out / "log.jsonl").open("a") as log:
        log.write(json.dumps(line) + "\n")
    print(json.dumps(line), flush=True)


def train(run, out):
    """Steps until the time budget is used. A pause of the machine counts half a minute at most."""
    sums, saved, before = {}, run.seconds, time.monotonic()
    while run.seconds < run.training["seconds"]:
        for name, value in run.step().items():
            sums.setdefault(name, []).append(value)
        run.seconds, before = run.seconds + min(30.0, time.monotonic() - before), time.monotonic()
        run.seconds = processes.agreed(run.seconds)
        if run.seconds - saved > run.training["checkpoint_seconds"] or run.seconds >= run.training["seconds"]:
            saved = run.seconds
            run.save(out / "last.pt")
            if processes.rank() == 0:
                report(run, out, {name: round(sum(values) / len(values), 3) for name, values in sums.items()})
            sums = {}


def open_corpus(path, config, seed):
    """The cut-outs of data/build.py or a folder of shards."""
    if (path / "corpus.json").exists():
        return Corpus(path, seed)
    return Shards(path, config["model"]["image_res"], seed)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument(
        "--start", type=Path, help="weights to begin with: a model's folder, or a training that albef.js saved"
    )
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("mini.json"))
    options = parser.parse_args()
    options.run.mkdir(parents=True, exist_ok=True)
    config = json.loads(options.config.read_text())
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    torch.set_flush_denormal(True)
    device, seed = processes.start(), config["training"]["seed"]
    torch.manual_seed(seed)
    corpus = open_corpus(options.corpus, config, seed + processes.rank())
    config["model"]["bert_config"]["vocab_size"] = len(corpus.tokenizer.tokens)
    run = Run(config, device, corpus)
    torch.manual_seed(seed + processes.rank())
    if options.start and options.start.is_dir():
        load_grown(run.model, options.start, corpus.tokenizer)
    elif options.start:
        open_training(run, options.start)
    if (options.run / "last.pt").exists():
        run.load(options.run / "last.pt")
    train(run, options.run)


if __name__ == "__main__":
    main()
