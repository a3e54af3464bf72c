import {
  type AdamWOptions,
  createTrainingStep,
  DEFAULT_ADAMW,
  type LoraOptions,
  pairTask,
  type StateCounters,
  type TrainingStep,
  type TrainingWeights,
} from "@albef/distillation";
import { randomAt } from "@albef/encoder";
import type { LoadedModel } from "../model/load.ts";
import { type BatchOptions, byPicture, lengthOf, splitPairs, type UsedPair, usablePairs } from "./dataset.ts";
import type { Goal } from "./goals.ts";
import { type HeldOut, heldOutMeasure } from "./held-out.ts";
import { WATCHED } from "./inspection.ts";
import { type PartNames, partsNamed } from "./parts.ts";
import { countedPlan, planOf } from "./plan.ts";
import { START, shapesOf, startValues } from "./start-values.ts";
import type { FinetunePlan, PretrainOptions, TrainingPair } from "./types.ts";

const HEADS = /^(vision_proj|text_proj|itm_head|text_encoder\.cls)\.|^temp$/;
/** Matrices that may get adapters. */
const TARGETS = {
  attention: /\.(attn\.(qkv|proj)|self\.(query|key|value)|(attention|crossattention)\.output\.dense)\.weight$/,
  all: /\.(attn\.(qkv|proj)|mlp\.fc[12]|self\.(query|key|value)|dense)\.weight$/,
} as const;

export interface Prepared {
  readonly goal: Goal;
  readonly plan: FinetunePlan;
  readonly train: readonly UsedPair[];
  readonly step: TrainingStep;
  readonly heldOut: HeldOut | undefined;
  readonly memoryBytes: number;
  readonly batches: Omit<BatchOptions, "signal">;
  /** Whether a parameter is one of the model's files, or an adapter beside one. */
  isStored(name: string): boolean;
}

export interface PrepareOptions extends PretrainOptions {
  readonly goal: Goal;
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
  const { goal } = options;
  const shapes = shapesOf(origin.weights);
  const { plan, train, heldOut, length } = await decided(model, pairs, options);
  const batches = { tokenizer, config, length };
  const learning = learningOf(model, plan);
  const before = executor.memory().bytes;
  const step = await createTrainingStep(executor, {
    ...{ config, textPrefix: origin.textPrefix, ...learning, frozen: origin.store },
    task: pairTask({ shape: { batch: plan.batchSize, length }, objective: plan.objective }),
    watch: options.inspect && plan.objective.itc && plan.objective.itm ? WATCHED : [],
    ...{ optimizer: optimizerOf(model, plan), accumulate: plan.accumulate },
    weights: options.state?.weights ?? startValues(model, plan, learning.lora?.targets ?? (() => false)),
    counters: options.state?.counters,
    draw: randomAt({ seed: plan.seed, stream: [START] }),
  });
  try {
    const trains = (name: string) => step.state.trainable.has(name);
    const measured =
      heldOut.length === 0
        ? undefined
        : await heldOutMeasure(executor, heldOut, {
            ...{ ...batches, ...learning, trains, textPrefix: origin.textPrefix, frozen: origin.store },
            stores: [step.state.weights, origin.store],
          });
    const isStored = (name: string) => shapes.has(name) || name.includes(".lora_");
    const memoryBytes = executor.memory().bytes - before;
    return { goal, plan, train, step, heldOut: measured, memoryBytes, batches, isStored };
  } catch (error) {
    step.dispose();
    throw error;
  }
}

/** The pairs that can be used, in two parts, and the plan for them. */
async function decided(
  { config, tokenizer, origin }: LoadedModel,
  pairs: Iterable<TrainingPair> | AsyncIterable<TrainingPair>,
  options: PrepareOptions,
) {
  const { goal, onSkip = () => undefined, signal } = options;
  const pairwise = await usablePairs(pairs, onSkip, signal);
  const used = goal.drawsCaptions ? byPicture(pairwise) : pairwise;
  const sizes = [...shapesOf(origin.weights).values()].map((shape) => shape.reduce((size, extent) => size * extent, 1));
  const parameters = sizes.reduce((total, size) => total + size, 0);
  const drafted = planOf(used.length, { goal, config, parameters, options });
  const parts = splitPairs(used, drafted);
  const maxTokens = Math.min(goal.maxTokens, config.text.maxPositions);
  return {
    ...parts,
    plan: countedPlan(drafted, parts.train.length, parts.heldOut.length),
    length: lengthOf(used, { tokenizer, maxTokens }),
  };
}

function namesOf({ config, origin }: LoadedModel): PartNames {
  return { config, textPrefix: origin.textPrefix, parameters: [...shapesOf(origin.weights).keys()] };
}

/** What learns: everything, or the heads and adapters; of either not what is frozen. */
function learningOf(model: LoadedModel, { train, rank, targets, freeze }: FinetunePlan) {
  const isFrozen = partsNamed(freeze, namesOf(model), "freeze");
  const adapted = (name: string) => TARGETS[targets].test(name) && !HEADS.test(name) && !isFrozen(name);
  const lora: LoraOptions | undefined = train === "lora" ? { rank, targets: adapted } : undefined;
  return { lora, trains: (name: string) => (train === "all" || HEADS.test(name)) && !isFrozen(name) };
}

/** AdamW; where several `rates` name a parameter their factors multiply. */
function optimizerOf(model: LoadedModel, { rates, weightDecay, maxGradNorm }: FinetunePlan): AdamWOptions {
  const names = namesOf(model);
  const factors = Object.entries(rates).map(([part, factor]) => ({ has: partsNamed([part], names, "rates"), factor }));
  return {
    ...DEFAULT_ADAMW,
    weightDecay,
    ...(maxGradNorm !== null && { maxGradNorm }),
    rateScale: (name: string) => factors.reduce((scale, { has, factor }) => (has(name) ? scale * factor : scale), 1),
  };
}
