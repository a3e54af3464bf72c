import type { Program, TensorData } from "@albef/core";
import { TrainingError } from "./errors.ts";
import { keepLossScale, lowerLossScale } from "./loss-scale.ts";
import type { Optimizer } from "./optimizer.ts";
import type { StepOptions, StepResult, StepSettings, TrainingBatch } from "./step-types.ts";
import type { TrainingGraph } from "./training-graph.ts";
import type { StateCounters, TrainingState } from "./training-state.ts";

export interface StepParts {
  readonly program: Program;
  readonly optimizer: Optimizer;
  readonly state: TrainingState;
  readonly options: StepOptions;
  readonly traced: TrainingGraph;
}

/** Forward and backward of each batch with its queue writes, then AdamW on the mean of the gradients, and the teacher. */
export async function runStep(
  parts: StepParts,
  batches: readonly TrainingBatch[],
  settings: StepSettings,
): Promise<StepResult> {
  const { optimizer, state, options } = parts;
  const { accumulate = 1, momentum = options.config.momentum } = options;
  if (batches.length !== accumulate) {
    throw new TrainingError(`training: a step takes ${accumulate} batches (accumulate), got ${batches.length}`);
  }
  const results: BatchResult[] = [];
  let gradNorm = 0;
  for (const batch of batches) {
    results.push(await runBatch(parts, batch, settings));
    gradNorm = await optimizer.gradNorm();
    if (!Number.isFinite(gradNorm) && !options.task.faithful) return overflow(parts, meanOf(results));
    if (accumulate > 1) await optimizer.accumulate({ first: results.length === 1 });
  }
  if (accumulate > 1) gradNorm = await optimizer.sumNorm();
  const factor = 1 / (accumulate * state.counters.lossScale);
  await optimizer.step({ learningRate: settings.learningRate, gradNorm, factor, momentum });
  if (options.precision === "f16") keepLossScale(state.counters);
  return { ...meanOf(results), gradNorm: gradNorm * factor };
}

/** Scaled losses may have overflowed 16 bits: the step is left out and the scale halved. */
function overflow({ state: { counters }, options }: StepParts, result: MeanResult): StepResult {
  if (options.precision === "f16" && lowerLossScale(counters)) return { ...result, gradNorm: Infinity, skipped: true };
  throw new TrainingError(
    `training: the gradients are not finite after ${counters.step} steps; lower the learning rate`,
  );
}

interface BatchResult {
  readonly losses: readonly (readonly [name: string, value: number])[];
  readonly seen: Readonly<Record<string, TensorData>>;
}

async function runBatch(parts: StepParts, batch: TrainingBatch, settings: StepSettings): Promise<BatchResult> {
  const { program, state, options, traced } = parts;
  const { watch = [], task } = options;
  const names = Object.keys(traced.graph.outputs).filter((name) => /^loss(\.|$)/.test(name));
  const outputs = await program.run(inputsOf(batch, settings, parts), { read: [...names, ...watch] });
  const losses = names.map((name) => [name, Number(outputs[name]![0])] as const);
  const wrong = losses.find(([name, loss]) => name !== "loss" && !Number.isFinite(loss));
  if (wrong && !task.faithful) {
    throw new TrainingError(
      `training: the ${wrong[0].slice("loss.".length)} loss is ${wrong[1]} after ${state.counters.step} steps; lower the learning rate`,
    );
  }
  if (traced.queue) advanceQueue(state.counters, batch, traced.queue);
  return { losses, seen: Object.fromEntries(watch.map((name) => [name, outputs[name]!])) };
}

type MeanResult = Pick<StepResult, "loss" | "losses" | "seen">;

/** The mean of the losses, and what was seen in the last batch. */
function meanOf(results: readonly BatchResult[]): MeanResult {
  const { losses, seen } = results.at(-1)!;
  const means = losses.map(([name], i) => {
    const total = results.reduce((sum, result) => sum + result.losses[i]![1], 0);
    return [name, total / results.length] as const;
  });
  const named = means.flatMap(([name, mean]) => (name === "loss" ? [] : [[name.slice("loss.".length), mean] as const]));
  return { loss: means.find(([name]) => name === "loss")![1], losses: Object.fromEntries(named), seen };
}

/** The inputs that the graph reads. */
function inputsOf(batch: TrainingBatch, { alpha }: StepSettings, { traced, state }: StepParts) {
  const { counters } = state;
  const given: Record<string, TensorData | undefined> = {
    seed: Uint32Array.of(counters.step), // of dropout, where the task draws nothing itself
    ...batch,
    alpha: Float32Array.of(alpha),
    lossScale: Float32Array.of(counters.lossScale),
    pointer: Int32Array.of(counters.queuePointer),
    allIds: batch.ids && Int32Array.from([...batch.ids, ...counters.queueIds]),
  };
  return Object.fromEntries(
    Object.keys(traced.graph.inputs).map((name) => {
      const data = given[name];
      if (data) return [name, data];
      throw new TrainingError(`training: the batch has no ${name}, which its task reads`);
    }),
  );
}

function advanceQueue(
  counters: StateCounters,
  { ids }: TrainingBatch,
  { size, rows }: NonNullable<TrainingGraph["queue"]>,
): void {
  ids?.forEach((id, i) => {
    counters.queueIds[(counters.queuePointer + i) % size] = id;
  });
  counters.queuePointer = (counters.queuePointer + rows) % size;
}
