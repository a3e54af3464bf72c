"""What happens when: phases, learning rate and settings by the share of the time budget that is over."""

import math

WARM_UP_STEPS = 150


def phase_of(share, training):
    if share < training["contrast_until"]:
        return "contrast"
    return "fusion" if share < training["fusion_until"] else "joint"


def progress_in(phase, share, training):
    """Share of the phase that is over, 0..1."""
    ends = {"contrast": (0, training["contrast_until"]), "fusion": (training["contrast_until"], training["fusion_until"])}
    start, end = ends.get(phase, (training["fusion_until"], 1))
    return min(1, (share - start) / (end - start))


def learning_rate(phase, progress, steps, training):
    """Linear warm-up in steps, then a cosine in time to the phase's share of it."""
    floor = training["lr_end"][phase]
    cosine = floor + (1 - floor) * (1 + math.cos(math.pi * progress)) / 2
    return training["lr"][phase] * cosine * min(1, (steps + 1) / WARM_UP_STEPS)


def batch_of(phase, share, training):
    """What a batch of the phase holds: size, strength of the augmentation, kind of captions, share of scenes."""
    return {
        "size": training["batch"][phase],
        "strength": min(1.0, training["strength"] + 2 * share),
        "kind": "free" if phase == "contrast" else "name",
        "scenes": training["scene_share"][phase],
        "alike": training["alike"],
    }


def settings_of(phase, progress, training):
    """What the objective of the phase needs to know."""
    settings = {name: training[name] for name in ("mlm_probability", "mlm_weight", "itm_weights", "fusion_stride")}
    drop = training["drop_patches"][phase] if progress < training["drop_until"][phase] else 0.0
    alpha = training["alpha"] * min(1, progress / training["alpha_until"])
    return {
        **settings,
        "drop": drop,
        "alpha_now": alpha,
        "hardness": 0.7 * progress if phase == "fusion" and training["start_fusion"] else 1.0,
    }
