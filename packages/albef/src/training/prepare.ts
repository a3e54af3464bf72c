import {
  createTrainingStep,
  type MemoryEstimate,
  type StateCounters,
  type TrainingStep,
  type TrainingWeights,
} from "@albef/distillation";
import { randomAt } from "@albef/encoder";
import type { LoadedModel } from "../model/load.ts";
import { shapesOf } from "../model/stored-values.ts";
import { type BatchOptions, byPicture, lengthOf, splitPairs, usablePairs } from "./dataset.ts";
import { FinetuneError } from "./errors.ts";
import type { Goal } from "./goals.ts";
import { type HeldOut, heldOutMeasure, lessonMeasure } from "./held-out.ts";
import { type HiddenWords, hiddenWords } from "./hidden-words.ts";
import { WATCHED } from "./inspection.ts";
import { graphOptions, optimizerOf } from "./learning.ts";
import { fittingPlan } from "./memory.ts";
import { countedPlan, planOf } from "./plan.ts";
import { START, startValues } from "./start-values.ts";
import type { FinetunePlan, PretrainOptions, TrainingPair } from "./types.ts";
import type { UsedPair } from "./used-pair.ts";

export interface Prepared {
  readonly goal: Goal;
  readonly plan: FinetunePlan;
  readonly train: readonly UsedPair[];
  readonly step: TrainingStep;
  readonly heldOut: HeldOut | undefined;
  readonly words: HiddenWords;
  readonly memory: MemoryEstimate;
  readonly memoryBytes: number;
  readonly batches: Omit<BatchOptions, "signal">;
  /** Whether a parameter is one of the model's files, or an adapter beside one. */
  isStored(name: string): boolean;
  /** Parameters of the task that stay copies of the model's, by name. */
  readonly copied: ReadonlyMap<string, string>;
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
  const { goal, memoryBudget } = options;
  const { lesson } = goal;
  const { plan: wanted, train, heldOut, length } = await decided(model, pairs, options);
  if (wanted.precision === "f16" && !executor.supportsF16) {
    throw new FinetuneError(`${goal.name}: precision "f16": ${model.device.description} has no 16-bit floats`);
  }
  const batches = { tokenizer, config, length };
  const isBatchOpen = options.batchSize === undefined && options.accumulate === undefined;
  const { plan, memory } = await fittingPlan(model, wanted, { length, memoryBudget, lesson, isBatchOpen });
  const graph = graphOptions(model, plan, length, lesson);
  const sources = lesson?.sources ?? new Map<string, string>();
  const before = executor.memory().bytes;
  const step = await createTrainingStep(executor, {
    ...{ ...graph, frozen: origin.store, optimizer: optimizerOf(model, plan, lesson) },
    watch: options.inspect && plan.objective.itc && plan.objective.itm ? WATCHED : [],
    weights: options.state?.weights ?? startValues(model, plan, graph.lora?.targets ?? (() => false), lesson),
    counters: options.state?.counters,
    draw: randomAt({ seed: plan.seed, stream: [START] }),
  });
  try {
    const trains = (name: string) => step.state.trainable.has(name);
    const { lora, storedAs } = graph;
    const weights = { lora, storedAs, trains, frozen: origin.store, stores: [step.state.weights, origin.store] };
    const measured =
      heldOut.length === 0
        ? undefined
        : lesson
          ? lessonMeasure(model, heldOut, { ...weights, lesson })
          : await heldOutMeasure(executor, heldOut, { ...batches, ...weights, textPrefix: origin.textPrefix });
    const shapes = shapesOf(origin);
    const isStored = (name: string) =>
      [shapes, sources].some((known) => known.has(name)) || name.includes(".lora_") || (lesson?.isHead(name) ?? false);
    const copied = new Map([...sources].filter(([name]) => !step.state.trainable.has(name)));
    const memoryBytes = executor.memory().bytes - before;
    const words = hiddenWords(model, { state: step.state, lora, length });
    return { goal, plan, train, step, heldOut: measured, words, memory, memoryBytes, batches, isStored, copied };
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
  const sizes = [...shapesOf(origin).values()].map((shape) => shape.reduce((size, extent) => size * extent, 1));
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
