"""Planning figures of pre-training: python3 plan.py [--pairs 4e6 14.1e6] [--gpus 8] [--tflops 312] [--share 0.4].

Counts multiplications and additions of one pair from the configuration, and from them hours, memory and bandwidth. With
--measure it times steps of the official size on this machine against a large matrix product, to check the count.
"""

import argparse
import copy
import time

import torch

from model import Albef
from objective import joint_step

OFFICIAL = {
    "image_res": 256,
    "patch_size": 16,
    "vision_width": 768,
    "vision_depth": 12,
    "vision_heads": 12,
    "mlp_ratio": 4,
    "embed_dim": 256,
    "temp": 0.07,
    "bert_config": {
        "vocab_size": 30522,
        "hidden_size": 768,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "intermediate_size": 3072,
        "layer_norm_eps": 1e-12,
        "max_position_embeddings": 512,
        "type_vocab_size": 2,
        "initializer_range": 0.02,
        "fusion_layer": 6,
        "encoder_width": 768,
    },
}
EPOCHS, BATCH, QUEUE, WORDS, PICTURE_BYTES = 30, 64, 65536, 20, 35_000
MASKED = 0.15


def layer_flops(tokens, width, inner):
    """Forward floating-point operations of a transformer layer."""
    return 2 * tokens * (4 * width**2 + 2 * width * inner) + 4 * tokens**2 * width


def cross_flops(tokens, source, width, source_width):
    """Forward floating-point operations of cross-attention from tokens to source tokens."""
    return 2 * (2 * tokens * width**2 + 2 * source * source_width * width) + 4 * tokens * source * width


def parts(cfg):
    """Forward floating-point operations of image encoder, text encoder, fusion and word prediction for one pair."""
    bert, patches = cfg["bert_config"], (cfg["image_res"] // cfg["patch_size"]) ** 2
    width, seen = cfg["vision_width"], (cfg["image_res"] // cfg["patch_size"]) ** 2 + 1
    image = (
        cfg["vision_depth"] * layer_flops(seen, width, width * cfg["mlp_ratio"])
        + 2 * patches * 3 * cfg["patch_size"] ** 2 * width
    )
    hidden, fused = bert["hidden_size"], bert["num_hidden_layers"] - bert["fusion_layer"]
    one = layer_flops(WORDS, hidden, bert["intermediate_size"])
    fusion = fused * (one + cross_flops(WORDS, seen, hidden, bert["encoder_width"]))
    words = WORDS * MASKED * 2 * hidden * (hidden + bert["vocab_size"])
    return {"image": image, "text": bert["fusion_layer"] * one, "fusion": fusion, "words": words}


def step_flops(cfg):
    """One pair of the complete objective: backward costs twice forward; ITM fuses three pairs, MLM one, the teacher one."""
    part = parts(cfg)
    student = part["image"] + 2 * part["text"] + 4 * part["fusion"] + part["words"]
    teacher = part["image"] + 2 * part["text"] + part["fusion"] + part["words"]
    return 3 * student + teacher


def memory(cfg, parameters):
    """Bytes of a process: float32 weights, gradients, moments, teacher, queue; activations of a batch in bf16."""
    state = parameters * (4 + 4 + 8 + 4) + 2 * QUEUE * cfg["embed_dim"] * 4
    seen, width, bert = (cfg["image_res"] // cfg["patch_size"]) ** 2 + 1, cfg["vision_width"], cfg["bert_config"]
    kept = lambda tokens, columns, heads, layers: layers * tokens * columns * (34 + 5 * heads * tokens / columns)
    image = kept(seen, width, cfg["vision_heads"], cfg["vision_depth"])
    text_layers = 2 * bert["fusion_layer"] + 4 * (bert["num_hidden_layers"] - bert["fusion_layer"])
    text = kept(WORDS, bert["hidden_size"], bert["num_attention_heads"], text_layers)
    sources = 4 * (bert["num_hidden_layers"] - bert["fusion_layer"]) * 2 * seen * bert["hidden_size"] * 2  # keys and values
    return state, BATCH * (image + text + sources)


def plan(pairs, options, parameters):
    rate = options.tflops * 1e12 * options.share / step_flops(OFFICIAL)
    hours = pairs * EPOCHS / rate / 3600
    step, together = BATCH / rate, BATCH * options.gpus
    read = rate * options.gpus * PICTURE_BYTES / 1e6
    return [
        f"{pairs / 1e6:g} M pairs, {EPOCHS} epochs: {pairs * EPOCHS / together:,.0f} steps of {together}",
        f"  {hours:,.0f} GPU hours, {hours / options.gpus / 24:.1f} days on {options.gpus} GPUs",
        f"  {pairs * PICTURE_BYTES / 1e9:,.0f} GB of shards, read at {read:,.0f} MB/s in all",
        f"  gradients: {parameters * 4 / 1e9:.2f} GB a step of {step * 1000:.0f} ms, "
        f"{2 * parameters * 4 * (options.gpus - 1) / options.gpus / step / 1e9:.1f} GB/s for each GPU",
    ]


def measure(model, count=2, steps=3):
    """CPU seconds of a joint step at the official size for each pair, and of the same work in a matrix product."""
    teacher, size, embed = model.teacher(), 64, OFFICIAL["embed_dim"]
    unit = lambda: torch.nn.functional.normalize(torch.randn(size, embed), dim=1)
    queue = {"image": unit(), "text": unit(), "concept": torch.full((size,), -1), "pointer": 0}
    ids = torch.randint(1000, 30000, (count, WORDS))
    batch = {
        "image": torch.randn(count, 3, 256, 256),
        "ids": ids,
        "mask": torch.ones_like(ids),
        "concept": torch.arange(count),
    }
    settings = {"mlm_probability": MASKED, "fusion_stride": 1, "drop": 0.0, "alpha_now": 0.4, "hardness": 1.0}
    settings |= {"itm_weights": (1.0, 1.0), "mlm_weight": 1.0}
    times = []
    for _ in range(steps):
        start = time.process_time()
        joint_step(model, teacher, queue, batch, settings)[0]["total"].backward()
        times.append(time.process_time() - start)
    a, products = torch.randn(2048, 2048), []
    for _ in range(8):
        start = time.process_time()
        a @ a
        products.append(time.process_time() - start)
    return min(times) / count, step_flops(OFFICIAL) * min(products) / (2 * 2048**3)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=float, nargs="+", default=[4e6, 14.1e6])
    parser.add_argument("--gpus", type=int, default=8)
    parser.add_argument("--tflops", type=float, default=312, help="peak of one GPU; 312 is an A100 in bf16")
    parser.add_argument("--share", type=float, default=0.4, help="share of the peak that training reaches")
    parser.add_argument("--measure", action="store_true")
    options = parser.parse_args()
    model = Albef(copy.deepcopy(OFFICIAL))
    parameters = sum(p.numel() for p in model.parameters())
    print(
        f"{parameters / 1e6:.0f} M parameters; forward GFLOP a pair:",
        {k: round(v / 1e9, 1) for k, v in parts(OFFICIAL).items()},
    )
    print(f"a training step: {step_flops(OFFICIAL) / 1e9:.0f} GFLOP a pair")
    state, kept = memory(OFFICIAL, parameters)
    print(f"memory of a process: {state / 1e9:.1f} GB of state, {kept / 1e9:.0f} GB of activations of {BATCH} pairs in bf16")
    for pairs in options.pairs:
        print("\n".join(plan(pairs, options, parameters)))
    if options.measure:
        torch.set_num_threads(1)
        taken, product = measure(model)
        print(
            f"measured on one CPU core: {taken:.1f} s a pair; a matrix product of as many operations takes {product:.1f} s"
        )


if __name__ == "__main__":
    main()
