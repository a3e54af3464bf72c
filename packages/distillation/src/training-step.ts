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

/** What a step is given; which parts are needed follows from the objective, see `StepInputs`. */
export interface TrainingBatch {
  /** f32 [batch, 3, size, size] */
  readonly image: Float32Array;
  /** i32 [batch, L] */
  readonly inputIds: Int32Array;
  /** f32 [batch, L] */
  readonly attentionMask: Float32Array;
  readonly maskedIds?: Int32Array;
  readonly wordLabels?: Int32Array;
  /** i32 [batch]: equal ids are captions of one image. */
  readonly ids?: Int32Array;
  readonly negativeImages?: Int32Array;
  readonly negativeTexts?: Int32Array;
  /** Seeds the choice of hard negatives. */
  readonly seed?: number;
}

export interface StepSettings {
  readonly learningRate: number;
  /** Share of the pseudo-targets. */
  readonly alpha: number;
}

export interface StepResult {
  readonly loss: number;
  /** Each loss by name: itc, itm, mlm. */
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
  expectBatch(options);
  const { frozen, ...rest } = options;
  const { weights, counters, draw, objective, config } = rest;
  const traced = trainingGraph({ ...rest, ...(frozen && { frozen: frozen.specs }) });
  const hasQueue = "image_queue" in traced.graph.parameters;
  const state = await createTrainingState(executor, {
    ...{ trainable: traced.trainable, weights, teacher: traced.usesTeacher },
    ...(counters && { counters }),
    ...(hasQueue && { queue: { size: objective.queueSize, width: config.embedDim, draw } }),
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

function expectBatch({ shape, objective }: StepOptions): void {
  const { batch } = shape;
  if (batch < 2) throw new TrainingError(`training: a batch needs 2 pairs or more to contrast, got ${batch}`);
  const { queueSize, faithful } = objective;
  if (queueSize > 0 && batch > queueSize) {
    throw new TrainingError(`training: a queue of ${queueSize} features is too small for batches of ${batch}`);
  }
  if (faithful && queueSize > 0 && queueSize % batch !== 0) {
    throw new TrainingError(
      `training: as official, the queue of ${queueSize} must be a multiple of the batch of ${batch}`,
    );
  }
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
  const { optimizer: adamW = DEFAULT_ADAMW, watch = [], config, objective } = options;
  if (state.teacher) await optimizer.updateTeacher(options.momentum ?? config.momentum);
  const lossNames = Object.keys(traced.graph.outputs).filter((name) => /^loss(\.|$)/.test(name));
  const outputs = await program.run(inputsOf(batch, settings, parts), { read: [...lossNames, ...watch] });
  const value = (name: string) => Number(outputs[name]![0]);
  const losses = Object.fromEntries(lossNames.slice(1).map((name) => [name.slice("loss.".length), value(name)]));
  const wrong = Object.entries(losses).find(([, loss]) => !Number.isFinite(loss));
  if (wrong && !objective.faithful) {
    throw new TrainingError(
      `training: the ${wrong[0]} loss is ${wrong[1]} after ${state.counters.step} steps; lower the learning rate`,
    );
  }
  if (state.queue) advanceQueue(state.counters, batch, options);
  const gradNorm = adamW.maxGradNorm === undefined ? undefined : await optimizer.gradNorm();
  await optimizer.step({ learningRate: settings.learningRate, ...(gradNorm !== undefined && { gradNorm }) });
  const seen = Object.fromEntries(watch.map((name) => [name, outputs[name]!]));
  return { loss: value("loss"), losses, seen, ...(gradNorm !== undefined && { gradNorm }) };
}

/** The inputs that the graph reads. */
function inputsOf(batch: TrainingBatch, { alpha }: StepSettings, { traced, state, options }: StepParts) {
  const { counters } = state;
  const given: Record<string, TensorData | undefined> = {
    ...{ image: batch.image, inputIds: batch.inputIds, attentionMask: batch.attentionMask },
    ...{ maskedIds: batch.maskedIds, wordLabels: batch.wordLabels, ids: batch.ids },
    ...{ negativeImages: batch.negativeImages, negativeTexts: batch.negativeTexts },
    alpha: Float32Array.of(alpha),
    allIds: batch.ids && Int32Array.from([...batch.ids, ...counters.queueIds]),
    seed: batch.seed === undefined ? undefined : Uint32Array.of(batch.seed),
    pointer: Int32Array.of(counters.queuePointer),
  };
  return Object.fromEntries(
    Object.keys(traced.graph.inputs).map((name) => {
      const data = given[name];
      if (data) return [name, data];
      throw new TrainingError(
        `training: the batch has no ${name}, which its objective reads (batch of ${options.shape.batch})`,
      );
    }),
  );
}

function advanceQueue(counters: StateCounters, { ids }: TrainingBatch, { shape, objective }: StepOptions): void {
  const { queueSize } = objective;
  ids?.forEach((id, i) => {
    counters.queueIds[(counters.queuePointer + i) % queueSize] = id;
  });
  counters.queuePointer = (counters.queuePointer + shape.batch) % queueSize;
}
