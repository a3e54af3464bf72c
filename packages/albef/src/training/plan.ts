import { FinetuneError } from "./errors.ts";
import type { FinetuneOptions, FinetunePlan } from "./types.ts";

const BATCH = 16;
const STEPS = 200;
const LEAST_EPOCHS = 3;
const LARGE_MODEL = 30e6; // parameters: moments and teacher of more do not fit into many adapters
const RATES = { all: 1e-4, lora: 1e-3 } as const;
const HELD_OUT = 0.2;
const LEAST_TO_HOLD_OUT = 10;
const RANK = 8;
const ALPHA = 0.4;

/** Fills in what was left open. Throws FinetuneError, which names the option at fault. */
export function planOf(
  pairs: number,
  { parameters, options }: { readonly parameters: number; readonly options: FinetuneOptions },
): FinetunePlan {
  const { train = parameters > LARGE_MODEL ? "lora" : "all", augment = "finetune", seed = 0 } = options;
  const { rank = RANK, alpha = ALPHA, heldOut = pairs >= LEAST_TO_HOLD_OUT ? HELD_OUT : 0 } = options;
  expect("train", train, train === "all" || train === "lora", '"all" or "lora"');
  expect("augment", augment, augment === "finetune" || augment === "none", '"finetune" or "none"');
  expect("heldOut", heldOut, heldOut >= 0 && heldOut < 1, "from 0 to below 1");
  expect("alpha", alpha, alpha >= 0 && alpha <= 1, "from 0 to 1");
  expect("rank", rank, Number.isInteger(rank) && rank > 0, "a positive whole number");
  expect("seed", seed, Number.isSafeInteger(seed) && seed >= 0, "a whole number from 0 on");
  const heldOutPairs = Math.round(pairs * heldOut);
  const trainPairs = pairs - heldOutPairs;
  if (trainPairs < 2) throw new FinetuneError(`finetune: needs 2 pairs or more to train on, got ${trainPairs}`);
  const batchSize = options.batchSize ?? Math.min(BATCH, trainPairs);
  expect("batchSize", batchSize, Number.isInteger(batchSize) && batchSize >= 2, "a whole number from 2 on");
  if (batchSize > trainPairs) {
    throw new FinetuneError(`finetune: batchSize ${batchSize} is more than the ${trainPairs} pairs to train on`);
  }
  const stepsPerEpoch = Math.floor(trainPairs / batchSize);
  const epochs = options.epochs ?? Math.max(LEAST_EPOCHS, Math.round(STEPS / stepsPerEpoch));
  expect("epochs", epochs, Number.isInteger(epochs) && epochs > 0, "a positive whole number");
  const learningRate = options.learningRate ?? RATES[train];
  expect("learningRate", learningRate, learningRate > 0 && learningRate < 1, "from above 0 to below 1");
  return {
    ...{ epochs, batchSize, learningRate, train, rank, alpha, seed, augment },
    ...{ trainPairs, heldOutPairs, stepsPerEpoch, steps: epochs * stepsPerEpoch },
  };
}

function expect(name: string, value: unknown, ok: boolean, wanted: string): void {
  if (!ok) throw new FinetuneError(`finetune: ${name} must be ${wanted}, got ${String(value)}`);
}
