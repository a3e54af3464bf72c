import type { Executor, ParameterStore, Program, TensorData } from "@albef/core";
import { TrainingError } from "./errors.ts";
import { type AdamWOptions, createOptimizer, DEFAULT_ADAMW, type Optimizer } from "./optimizer.ts";
import { type TrainingGraph, type TrainingGraphOptions, trainingGraph } from "./training-graph.ts";
import { createTrainingState, type StateCounters, type TrainingState, type TrainingWeights } from "./training-state.ts";

export interface StepOptions extends Omit<TrainingGraphOptions, "frozen"> {
  /** Start values of what learns, and of a saved state. */
  readonly weights: TrainingWeights;
  /** On the device: what does not learn. */
  readonly frozen?: ParameterStore | undefined;
  readonly optimizer?: AdamWOptions | undefined;
  /** Of the teacher: teacher = momentum * teacher + (1 - momentum) * weights, before each step. Default: the model's. */
  readonly momentum?: number | undefined;
  readonly counters?: Partial<StateCounters> | undefined;
  /** Uniform numbers in [0, 1) for queues that start empty. */
  readonly draw: () => number;
}

/** The inputs that the task declares, by name; see `TrainingTask`. Those that it does not read are left alone. */
export type TrainingBatch = Readonly<Record<string, TensorData>>;

export interface StepSettings {
  readonly learningRate: number;
  /** Share of the pseudo-targets. */
  readonly alpha: number;
}

export interface StepResult {
  readonly loss: number;
  /** Each loss of the task by name: itc, itm, mlm, ... */
  readonly losses: Readonly<Record<string, number>>;
  /** Before clipping; only where gradients are clipped. */
  readonly gradNorm?: number;
  /** The values asked for by `watch`. */
  readonly seen: Readonly<Record<string, TensorData>>;
}

/** One compiled step of training: forward, backward, queues, AdamW, teacher. */
export interface TrainingStep extends Disposable {
  readonly state: TrainingState;
  /** Dispatches of forward and backward. */
  readonly dispatchCount: number;
  /** Throws TrainingError where a loss is not finite; the weights are then those before the step. */
  run(batch: TrainingBatch, settings: StepSettings): Promise<StepResult>;
  dispose(): void;
}

/** Compiles training for one batch shape and puts its state on the device. Throws TrainingError. */
export async function createTrainingStep(executor: Executor, options: StepOptions): Promise<TrainingStep> {
  const { frozen, ...rest } = options;
  const { weights, counters, draw } = rest;
  const traced = trainingGraph({ ...rest, ...(frozen && { frozen: frozen.specs }) });
  const state = await createTrainingState(executor, {
    ...{ trainable: traced.trainable, weights, teacher: traced.usesTeacher },
    ...(counters && { counters }),
    ...(traced.queue && { queue: { ...traced.queue, draw } }),
  });
  let program: Program | undefined;
  let optimizer: Optimizer | undefined;
  const dispose = () => {
    program?.dispose();
    optimizer?.dispose();
    state.dispose();
  };
  try {
    program = await executor.compile(traced.graph, storesOf(state, frozen), { into: intoOf(traced) });
    optimizer = await createOptimizer(executor, state, options.optimizer);
  } catch (error) {
    dispose();
    throw error;
  }
  const parts = { program, optimizer, state, options, traced };
  return {
    state,
    dispatchCount: program.dispatchCount,
    run: (batch, settings) => runStep(parts, batch, settings),
    dispose,
    [Symbol.dispose]: dispose,
  };
}

function storesOf({ weights, gradients, teacher, queue }: TrainingState, frozen: ParameterStore | undefined) {
  return [weights, gradients, teacher, queue, frozen].filter((store) => store !== undefined);
}

/** Gradients go into their arena; the temperature is kept within its bounds where it lies. */
function intoOf({ graph, trainable }: TrainingGraph): Record<string, string> {
  const gradients = [...trainable.keys()].map((name) => [`grad.${name}`, `grad.${name}`] as const);
  return { ...Object.fromEntries(gradients), ...("clamped.temp" in graph.outputs && { "clamped.temp": "temp" }) };
}

interface StepParts {
  readonly program: Program;
  readonly optimizer: Optimizer;
  readonly state: TrainingState;
  readonly options: StepOptions;
  readonly traced: TrainingGraph;
}

async function runStep(parts: StepParts, batch: TrainingBatch, settings: StepSettings): Promise<StepResult> {
  const { program, optimizer, state, options, traced } = parts;
  const { optimizer: adamW = DEFAULT_ADAMW, watch = [], config, task } = options;
  if (state.teacher) await optimizer.updateTeacher(options.momentum ?? config.momentum);
  const lossNames = Object.keys(traced.graph.outputs).filter((name) => /^loss(\.|$)/.test(name));
  const outputs = await program.run(inputsOf(batch, settings, parts), { read: [...lossNames, ...watch] });
  const value = (name: string) => Number(outputs[name]![0]);
  const losses = Object.fromEntries(lossNames.slice(1).map((name) => [name.slice("loss.".length), value(name)]));
  const wrong = Object.entries(losses).find(([, loss]) => !Number.isFinite(loss));
  if (wrong && !task.faithful) {
    throw new TrainingError(
      `training: the ${wrong[0]} loss is ${wrong[1]} after ${state.counters.step} steps; lower the learning rate`,
    );
  }
  if (traced.queue) advanceQueue(state.counters, batch, traced.queue);
  const gradNorm = adamW.maxGradNorm === undefined ? undefined : await optimizer.gradNorm();
  await optimizer.step({ learningRate: settings.learningRate, ...(gradNorm !== undefined && { gradNorm }) });
  const seen = Object.fromEntries(watch.map((name) => [name, outputs[name]!]));
  return { loss: value("loss"), losses, seen, ...(gradNorm !== undefined && { gradNorm }) };
}

/** The inputs that the graph reads. */
function inputsOf(batch: TrainingBatch, { alpha }: StepSettings, { traced, state }: StepParts) {
  const { counters } = state;
  const given: Record<string, TensorData | undefined> = {
    ...batch,
    alpha: Float32Array.of(alpha),
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
