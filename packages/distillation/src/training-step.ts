import type { Executor, ParameterStore, Program, TensorData } from "@albef/core";
import { FIRST_LOSS_SCALE } from "./loss-scale.ts";
import { type AdamWOptions, createOptimizer, type Optimizer } from "./optimizer.ts";
import { runStep } from "./run-step.ts";
import { overwrittenBy, type TrainingGraphOptions, trainingGraph } from "./training-graph.ts";
import { createTrainingState, type StateCounters, type TrainingState, type TrainingWeights } from "./training-state.ts";

export interface StepOptions extends Omit<TrainingGraphOptions, "frozen"> {
  /** Start values of what learns, and of a saved state. */
  readonly weights: TrainingWeights;
  /** On the device: what does not learn. */
  readonly frozen?: ParameterStore | undefined;
  readonly optimizer?: AdamWOptions | undefined;
  /** Batches whose gradients are averaged for a step; each sees its own negatives only. Default: 1. */
  readonly accumulate?: number | undefined;
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
  /** Norm of all gradients together, before clipping. */
  readonly gradNorm: number;
  /** Whether gradients overflowed 16 bits: nothing but the queues and the teacher has changed, and the loss scale is halved. */
  readonly skipped: boolean;
  /** The values asked for by `watch`. */
  readonly seen: Readonly<Record<string, TensorData>>;
}

/** One compiled step of training: forward, backward, queues, AdamW, teacher. */
export interface TrainingStep extends Disposable {
  readonly state: TrainingState;
  /** Dispatches of forward and backward. */
  readonly dispatchCount: number;
  /** Throws TrainingError where losses or gradients are not finite; the weights are then those before the step. */
  run(batches: TrainingBatch | readonly TrainingBatch[], settings: StepSettings): Promise<StepResult>;
  dispose(): void;
}

/** Compiles training for one batch shape and puts its state on the device. Throws TrainingError. */
export async function createTrainingStep(executor: Executor, options: StepOptions): Promise<TrainingStep> {
  const { frozen, ...rest } = options;
  const { weights, counters, draw, accumulate = 1 } = rest;
  const traced = trainingGraph({ ...rest, ...(frozen && { frozen: frozen.specs }) });
  const state = await createTrainingState(executor, {
    ...{ trainable: traced.trainable, weights, teacher: traced.usesTeacher, accumulates: accumulate > 1 },
    counters: { ...(rest.precision === "f16" && { lossScale: FIRST_LOSS_SCALE }), ...counters },
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
    program = await executor.compile(traced.graph, storesOf(state, frozen), { into: overwrittenBy(traced) });
    optimizer = await createOptimizer(executor, state, options.optimizer);
  } catch (error) {
    dispose();
    throw error;
  }
  const parts = { program, optimizer, state, options, traced };
  return {
    state,
    dispatchCount: program.dispatchCount,
    run: (batches, settings) => runStep(parts, Array.isArray(batches) ? batches : [batches], settings),
    dispose,
    [Symbol.dispose]: dispose,
  };
}

function storesOf({ weights, gradients, teacher, queue }: TrainingState, frozen: ParameterStore | undefined) {
  return [weights, gradients, teacher, queue, frozen].filter((store) => store !== undefined);
}
