"""A training goes from albef.js to PyTorch and back: python3 -m unittest test_exchange. Needs Node, after npm ci."""

import subprocess
import tempfile
import unittest
from pathlib import Path

from exchange import open_training, save_training
from recorded_step import RecordedCase, read

ROOT = Path(__file__).parents[2]
WITHIN = 1e-5
SMALL_GRADIENT = 1e-6


def albef_js(step, out, start=()):
    """One step in albef.js from the case's weights or a saved training."""
    node = ["node", "--conditions=@albef/source", "--import", "tsx", ROOT / "scripts" / "training-exchange.ts"]
    subprocess.run([*node, str(step), out, *start], cwd=ROOT, check=True, capture_output=True, timeout=600)


class Exchange(unittest.TestCase):
    def same(self, actual, expected, rate):
        """All tensors within 1e-5; where a gradient is no more than rounding, AdamW may step by its rate either way."""
        self.assertEqual(actual.keys(), expected.keys())
        for name, value in expected.items():
            far = (actual[name].double() - value.double()).abs()
            squares = expected.get(f"exp_avg_sq.{name}")
            if squares is None:
                self.assertLessEqual(float(far.max()), WITHIN * max(1.0, float(value.double().abs().max())), name)
                continue
            noise = squares.sqrt() * 30 < SMALL_GRADIENT
            self.assertLessEqual(float(far[~noise].max()) if (~noise).any() else 0.0, WITHIN, name)
            self.assertLessEqual(float(far.max()), 2 * rate, name)

    def test_a_step_there_a_step_here_and_back(self):
        recorded = RecordedCase()
        rate = recorded.case["optimizer"]["lr"]
        with tempfile.TemporaryDirectory() as scratch:
            files = {name: Path(scratch) / f"{name}.safetensors" for name in ("js0", "js1", "py1", "js2", "py2")}
            albef_js(0, files["js0"])
            albef_js(1, files["js1"], (files["js0"],))
            run = recorded.run()
            open_training(run, files["js0"])
            recorded.step(run, 1)
            save_training(run, files["py1"])
            self.same(self.without_ids(files["py1"]), self.without_ids(files["js1"]), rate)
            albef_js(2, files["js2"], (files["py1"],))
            recorded.step(run, 2)
            save_training(run, files["py2"])
            self.same(self.without_ids(files["py2"]), self.without_ids(files["js2"]), rate)

    def without_ids(self, path):
        """The ids of queued pictures are the caller's: the recorded case has none in albef.js and numbers here."""
        return {name: value for name, value in read(path).items() if name != "idx_queue"}


if __name__ == "__main__":
    unittest.main()
