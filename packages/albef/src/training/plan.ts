import { DEFAULT_ADAMW, type ObjectiveOptions } from "@albef/distillation";
import type { AlbefConfig } from "@albef/encoder";
import { FinetuneError } from "./errors.ts";
import type { Goal } from "./goals.ts";
import type { FinetunePlan, PretrainOptions } from "./types.ts";

const BATCH = 16;
const STEPS = 200;
const LEAST_EPOCHS = 3;
const LARGE_MODEL = 30e6; // parameters: moments and teacher of more do not fit into many adapters
const RATES = { all: 1e-4, lora: 1e-3 } as const;
const HELD_OUT = 0.2;
const LEAST_TO_HOLD_OUT = 10;
const RANK = 8;
const ALPHA = 0.4;

export interface PlanParts {
  readonly goal: Goal;
  readonly config: AlbefConfig;
  /** Of the model. */
  readonly parameters: number;
  readonly options: PretrainOptions;
}

/** Fills in what was left open. Throws FinetuneError, which names the option at fault. */
export function planOf(pairs: number, { goal, config, parameters, options }: PlanParts): FinetunePlan {
  const { heldOut = pairs >= LEAST_TO_HOLD_OUT && (options.objective?.itc ?? true) ? HELD_OUT : 0 } = options;
  expectOptions(goal, { ...options, heldOut });
  const heldOutPairs = Math.round(pairs * heldOut);
  const trainPairs = pairs - heldOutPairs;
  if (trainPairs < 2) throw new FinetuneError(`${goal.name}: needs 2 pairs or more to train on, got ${trainPairs}`);
  const { train = parameters > LARGE_MODEL ? "lora" : "all", batchSize = Math.min(BATCH, trainPairs) } = options;
  const { accumulate = 1 } = options;
  if (batchSize * accumulate > trainPairs) {
    const asked = accumulate === 1 ? `batchSize ${batchSize}` : `batchSize ${batchSize} times accumulate ${accumulate}`;
    throw new FinetuneError(`${goal.name}: ${asked} is more than the ${trainPairs} pairs to train on`);
  }
  const settings = {
    ...{ batchSize, accumulate, train, learningRate: options.learningRate ?? RATES[train], rank: options.rank ?? RANK },
    ...{ alpha: options.alpha ?? ALPHA, seed: options.seed ?? 0, augment: options.augment ?? goal.augment },
    ...{ targets: options.targets ?? "all", freeze: options.freeze ?? [], rates: options.rates ?? {} },
    ...{ weightDecay: options.weightDecay ?? DEFAULT_ADAMW.weightDecay, maxGradNorm: options.maxGradNorm ?? null },
    ...{ dropout: options.dropout ?? null, recompute: options.recompute ?? false },
    precision: options.precision ?? "f32",
    mlmProbability: options.mlmProbability ?? config.mlmProbability,
  };
  const problem = goal.problemOf?.(settings);
  if (problem !== undefined) throw new FinetuneError(`${goal.name}: ${problem}`);
  const perPass = Math.floor(trainPairs / (batchSize * accumulate));
  const epochs = options.epochs ?? Math.max(LEAST_EPOCHS, Math.round(STEPS / perPass));
  const objective = objectiveOf(goal, { ...settings, trainPairs, config, options });
  return countedPlan({ ...settings, epochs, objective }, trainPairs, heldOutPairs);
}

type Counts = "trainPairs" | "heldOutPairs" | "stepsPerEpoch" | "steps";

/** The plan for so many pairs: captions of one picture stay together, so the parts may differ from what was asked for. */
export function countedPlan<T extends Pick<FinetunePlan, "epochs" | "batchSize" | "accumulate">>(
  plan: T,
  trainPairs: number,
  heldOutPairs: number,
): T & Pick<FinetunePlan, Counts> {
  const stepsPerEpoch = Math.floor(trainPairs / (plan.batchSize * plan.accumulate));
  return { ...plan, trainPairs, heldOutPairs, stepsPerEpoch, steps: plan.epochs * stepsPerEpoch };
}

interface ObjectiveParts extends Pick<FinetunePlan, "alpha" | "trainPairs" | "batchSize"> {
  readonly config: AlbefConfig;
  readonly options: PretrainOptions;
}

/** With alpha 0 nobody reads the teacher's targets. A queue longer than a pass would hold its pairs twice. */
function objectiveOf(goal: Goal, { alpha, trainPairs, batchSize, config, options }: ObjectiveParts): ObjectiveOptions {
  const asked = { ...goal.objective, ...options.objective };
  const room = Math.min(trainPairs, options.objective?.queueSize ?? config.queueSize);
  const queueSize = trainPairs < goal.queueFrom ? 0 : room - (room % batchSize);
  const objective = {
    ...asked,
    queueSize: asked.itc || asked.hardNegatives ? queueSize : 0,
    distillItc: asked.distillItc && asked.itc && alpha > 0,
    distillMlm: asked.distillMlm && asked.mlm && alpha > 0,
  };
  if (goal.lesson?.task || objective.itc || objective.itm || objective.mlm) return objective;
  throw new FinetuneError(`${goal.name}: objective must have one of itc, itm and mlm`);
}

type Rule = readonly [fits: (value: number) => boolean, wanted: string];

const isWhole = (least: number) => (value: number) => Number.isSafeInteger(value) && value >= least;
const NUMBERS = {
  epochs: [isWhole(1), "a positive whole number"],
  batchSize: [isWhole(2), "a whole number from 2 on"],
  learningRate: [(value) => value > 0 && value < 1, "from above 0 to below 1"],
  rank: [isWhole(1), "a positive whole number"],
  accumulate: [isWhole(1), "a positive whole number"],
  weightDecay: [(value) => value >= 0 && value < 1, "from 0 to below 1"],
  maxGradNorm: [(value) => value > 0, "above 0"],
  dropout: [(value) => value >= 0 && value < 1, "from 0 to below 1"],
  memoryBudget: [(value) => value > 0, "above 0"],
  heldOut: [(value) => value >= 0 && value < 1, "from 0 to below 1"],
  patience: [isWhole(1), "a positive whole number"],
  alpha: [(value) => value >= 0 && value <= 1, "from 0 to 1"],
  seed: [isWhole(0), "a whole number from 0 on"],
  mlmProbability: [(value) => value > 0 && value < 1, "from above 0 to below 1"],
} as const satisfies Partial<Record<keyof PretrainOptions, Rule>>;

const CHOICES = {
  train: ["all", "lora"],
  targets: ["attention", "all"],
  precision: ["f32", "f16"],
  augment: ["pretrain", "finetune", "grounding", "none"],
} as const satisfies Partial<Record<keyof PretrainOptions, readonly string[]>>;

function expectOptions({ name: who }: Goal, options: PretrainOptions): void {
  const fail = (name: string, wanted: string, value: unknown) => {
    throw new FinetuneError(`${who}: ${name} must be ${wanted}, got ${String(value)}`);
  };
  for (const [name, [fits, wanted]] of Object.entries<Rule>(NUMBERS)) {
    const value: unknown = options[name as keyof typeof NUMBERS];
    if (value !== undefined && !(typeof value === "number" && fits(value))) fail(name, wanted, value);
  }
  for (const [part, factor] of Object.entries(options.rates ?? {})) {
    if (!(typeof factor === "number" && factor >= 0)) fail(`rates.${part}`, "0 or more", factor);
  }
  for (const [name, choices] of Object.entries<readonly string[]>(CHOICES)) {
    const value: unknown = options[name as keyof typeof CHOICES];
    if (value !== undefined && !choices.includes(String(value)))
      fail(name, choices.map((one) => `"${one}"`).join(" or "), value);
  }
}
