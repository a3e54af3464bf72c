"""Record a step in PyTorch from a training that albef.js saved: python3 record_exchange.py. Needs Node, after npm ci.

Writes fixtures/exchange.json, which scripts/training-exchange.test.ts holds against albef.js without PyTorch: the losses,
and of every tensor the norm and some values.
"""

import json
import tempfile
from pathlib import Path

from exchange import open_training, save_training
from recorded_step import RecordedCase, read
from test_exchange import ROOT, albef_js

VALUES = 4


def sample(value):
    flat = value.double().flatten()
    places = [(i * 7919) % len(flat) for i in range(VALUES)]
    values = [float(f"{float(flat[place]):.9g}") for place in places]
    return {"norm": float(f"{float(flat.norm()):.9g}"), "places": places, "values": values}


def main():
    recorded = RecordedCase()
    run = recorded.run()
    with tempfile.TemporaryDirectory() as scratch:
        saved, after = (Path(scratch) / f"{name}.safetensors" for name in ("saved", "after"))
        albef_js(0, saved)
        open_training(run, saved)
        losses, _ = recorded.step(run, 1)
        save_training(run, after)
        tensors = {name: sample(value) for name, value in sorted(read(after).items()) if name != "idx_queue"}
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(found)}" for name, found in tensors.items())
    taken = json.dumps({name: float(losses[name]) for name in ("itc", "itm", "mlm")})
    (ROOT / "fixtures" / "exchange.json").write_text(f'{{"losses": {taken}, "tensors": {{\n{lines}\n}}}}\n')


if __name__ == "__main__":
    main()
