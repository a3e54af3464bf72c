"""Three steps of pre-training against the results of the official code: python3 -m unittest test_official_step."""

import unittest

import torch

from recorded_step import RecordedCase


class OfficialSteps(unittest.TestCase):
    def test_losses_gradients_queues_and_weights(self):
        recorded, few = RecordedCase(), 0.01
        case, run = recorded.case, recorded.begun()
        for step in range(3):
            losses, gradients = recorded.step(run, step)
            for official, ours in (("loss_ita", "itc"), ("loss_itm", "itm"), ("loss_mlm", "mlm")):
                scalar = case["scalars"][f"s{step}.{official}"]
                self.assertAlmostEqual(
                    float(losses[ours]), scalar["value"], delta=scalar["atol"], msg=f"{official} of {step}"
                )
            for name, gradient in gradients.items():
                self.close(recorded, f"out.s{step}.grad.{name}", gradient)
            for kind in ("image", "text"):
                self.close(recorded, f"out.s{step}.{kind}_queue", run.queue[kind].t())
        compared, rate = 0, case["optimizer"]["lr"]
        for name, value in run.model.state_dict().items():
            key = f"out.after3.{name}"
            if key not in case["expected"] or name in case["noise_dominated_after3"]:
                continue
            far = (value - recorded.tensors[key]).abs()
            limit = case["expected"][key]["atol"] + case["expected"][key]["rtol"] * recorded.tensors[key].abs()
            self.assertLessEqual(float((far > limit).float().mean()), few, name)  # tiny gradients step by their noise
            self.assertLessEqual(float(far.max()), 3 * 2 * rate, name)
            compared += 1
        self.assertGreater(compared, 50)

    def close(self, recorded, key, actual):
        limit = recorded.case["expected"].get(key)
        if limit:
            torch.testing.assert_close(
                actual, recorded.tensors[key], atol=limit["atol"], rtol=limit["rtol"], msg=lambda m: f"{key}: {m}"
            )


if __name__ == "__main__":
    unittest.main()
