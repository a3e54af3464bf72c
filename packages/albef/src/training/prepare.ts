import type { Safetensors } from "@albef/core";
import {
  createTrainingStep,
  type LoraOptions,
  loraNames,
  type ObjectiveOptions,
  pairTask,
  RETRIEVAL_OBJECTIVE,
  type StateCounters,
  type TrainingStep,
  type TrainingWeights,
} from "@albef/distillation";
import { randomAt } from "@albef/encoder";
import type { LoadedModel } from "../model/load.ts";
import { storedValues } from "../model/stored-values.ts";
import { type BatchOptions, lengthOf, splitPairs, type UsedPair, usablePairs } from "./dataset.ts";
import { type HeldOut, heldOutMeasure } from "./held-out.ts";
import { WATCHED } from "./inspection.ts";
import { planOf } from "./plan.ts";
import type { FinetuneOptions, FinetunePlan, TrainingPair } from "./types.ts";

/** From so many pairs on a queue of features is worth its stale start. */
const QUEUE_FROM = 2048;
const QUEUE_MOST = 65536;
const START = 4; // stream of random start values
const HEADS = /^(vision_proj|text_proj|itm_head)\.|^temp$/;
const MATRICES = /\.(attn\.(qkv|proj)|mlp\.fc[12]|self\.(query|key|value)|dense)\.weight$/;

export interface Prepared {
  readonly plan: FinetunePlan;
  readonly train: readonly UsedPair[];
  readonly step: TrainingStep;
  readonly heldOut: HeldOut | undefined;
  readonly memoryBytes: number;
  readonly batches: Omit<BatchOptions, "plan" | "signal">;
  /** Whether a parameter is one of the model's files, or an adapter beside one. */
  isStored(name: string): boolean;
}

export interface PrepareOptions extends FinetuneOptions {
  readonly state?: { readonly weights: TrainingWeights; readonly counters: Partial<StateCounters> } | undefined;
}

/** Looks at the pairs, decides what was left open, and puts training on the device. */
export async function prepare(
  model: LoadedModel,
  pairs: Iterable<TrainingPair> | AsyncIterable<TrainingPair>,
  options: PrepareOptions,
): Promise<Prepared> {
  const { config, tokenizer, engine, origin } = model;
  const { executor } = engine;
  const used = await usablePairs(pairs, options.onSkip ?? (() => undefined), options.signal);
  const drafted = planOf(used.length, { parameters: parametersOf(origin.weights), options });
  const { train, heldOut } = splitPairs(used, drafted);
  const plan = countedPlan(drafted, train.length, heldOut.length);
  const length = lengthOf(used, { tokenizer, maxPositions: config.text.maxPositions });
  const batches = { tokenizer, maxPositions: config.text.maxPositions, size: config.vision.imageSize, length };
  const lora: LoraOptions | undefined =
    plan.train === "lora" ? { rank: plan.rank, targets: (name) => MATRICES.test(name) } : undefined;
  const trains = (name: string) => plan.train === "all" || HEADS.test(name);
  const shared = { trains, lora, ...(lora && { frozen: origin.store }) };
  const before = executor.memory().bytes;
  const step = await createTrainingStep(executor, {
    ...{ config, textPrefix: origin.textPrefix, ...shared },
    task: pairTask({ shape: { batch: plan.batchSize, length }, objective: objectiveOf(plan) }),
    watch: options.inspect ? WATCHED : [],
    weights: options.state?.weights ?? startValues(model, plan),
    counters: options.state?.counters,
    draw: randomAt({ seed: plan.seed, stream: [START] }),
  });
  try {
    const measured =
      heldOut.length === 0
        ? undefined
        : await heldOutMeasure(executor, heldOut, {
            ...{ ...batches, ...shared, model: { config, textPrefix: origin.textPrefix } },
            stores: lora ? [step.state.weights, origin.store] : [step.state.weights],
          });
    const files = new Set(origin.weights.flatMap(({ tensors }) => [...tensors.keys()]));
    const isStored = (name: string) => files.has(name) || name.includes(".lora_");
    return { plan, train, step, heldOut: measured, memoryBytes: executor.memory().bytes - before, batches, isStored };
  } catch (error) {
    step.dispose();
    throw error;
  }
}

/** Captions of one picture stay together, so the parts may differ a little from what was asked for. */
function countedPlan(plan: FinetunePlan, trainPairs: number, heldOutPairs: number): FinetunePlan {
  const stepsPerEpoch = Math.floor(trainPairs / plan.batchSize);
  return { ...plan, trainPairs, heldOutPairs, stepsPerEpoch, steps: plan.epochs * stepsPerEpoch };
}

function parametersOf(files: readonly Safetensors[]): number {
  const shapes = files.flatMap(({ tensors }) => [...tensors.values()].map(({ shape }) => shape));
  return shapes.reduce((total, shape) => total + shape.reduce((size, extent) => size * extent, 1), 0);
}

function objectiveOf({ alpha, trainPairs, batchSize }: FinetunePlan): ObjectiveOptions {
  const room = Math.min(trainPairs, QUEUE_MOST);
  const queueSize = trainPairs < QUEUE_FROM ? 0 : room - (room % batchSize);
  return { ...RETRIEVAL_OBJECTIVE, distillItc: alpha > 0, queueSize };
}

/** Stored weights; adapters begin as in Hu et al. 2021: A small and random, B zero, so that they change nothing yet. */
function startValues({ config, origin }: LoadedModel, { seed, rank }: FinetunePlan): TrainingWeights {
  const shapes = new Map(origin.weights.flatMap(({ tensors }) => [...tensors]));
  const adapters = new Map<string, () => Float32Array>();
  let stream = 0;
  for (const [name, { shape }] of shapes) {
    if (!MATRICES.test(name)) continue;
    const [rows, columns] = shape as readonly [number, number];
    const { down, up } = loraNames(name);
    const draw = randomAt({ seed, stream: [START, ++stream] });
    const bound = columns ** -0.5;
    adapters.set(down, () => Float32Array.from({ length: rank * columns }, () => (2 * draw() - 1) * bound));
    adapters.set(up, () => new Float32Array(rows * rank));
  }
  return async (name) => {
    const adapter = adapters.get(name);
    if (adapter) return adapter();
    const stored = await storedValues(origin.weights, name);
    return stored ?? (name === "temp" ? Float32Array.of(config.temperature) : undefined);
  };
}
