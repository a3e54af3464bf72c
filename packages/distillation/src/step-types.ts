import type { ParameterStore, TensorData } from "@albef/core";
import type { AdamWOptions } from "./optimizer.ts";
import type { TrainingGraphOptions } from "./training-graph.ts";
import type { StateCounters, TrainingWeights } from "./training-state.ts";

export interface StepOptions extends Omit<TrainingGraphOptions, "frozen"> {
  /** Start values of what learns, and of a saved state. */
  readonly weights: TrainingWeights;
  /** On the device: what does not learn. */
  readonly frozen?: ParameterStore | undefined;
  readonly optimizer?: AdamWOptions | undefined;
  /** Batches whose gradients are averaged for a step; each sees its own negatives only. Default: 1. */
  readonly accumulate?: number | undefined;
  /** Of the teacher: teacher = momentum * teacher + (1 - momentum) * weights, after each step. Default: the model's. */
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
  /** Whether gradients overflowed 16 bits: nothing but the queues has changed, and the loss scale is halved. */
  readonly skipped?: true;
  /** The values asked for by `watch`. */
  readonly seen: Readonly<Record<string, TensorData>>;
}
