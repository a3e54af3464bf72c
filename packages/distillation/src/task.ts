import type { Tensor, Tracer } from "@albef/core";
import type { AlbefConfig } from "@albef/encoder";
import type { Branch } from "./branches.ts";

/** What a task builds its losses from. */
export interface TaskParts {
  readonly tracer: Tracer;
  readonly config: AlbefConfig;
  /** The network that learns. */
  readonly online: Branch;
  /** Its momentum copy. What a task does not ask of it costs nothing; one that asks for nothing has no teacher. */
  readonly teacher: Branch;
  /** f32 []: share of the pseudo-targets, from `StepSettings.alpha`. */
  readonly alpha: Tensor;
}

/** What a step computes: the losses [] by name, values to look at, and the teacher's features for the queues. */
export interface TaskLosses {
  readonly losses: Readonly<Record<string, Tensor>>;
  /** []: what is differentiated. */
  readonly total: Tensor;
  /** Intermediate values, by the names that `watch` asks for. */
  readonly seen: Readonly<Record<string, Tensor>>;
  /** Features [batch, embedDim] to be written into `image_queue` and `text_queue` [embedDim, size] after the step. */
  readonly queue?: { readonly image: Tensor; readonly text: Tensor; readonly size: number };
  /** The temperature within its bounds, to be stored; only where it is clamped. */
  readonly clampedTemperature?: Tensor;
}

/**
 * What is trained: pre-training and retrieval (`pairTask`), or one of the downstream tasks. A task declares its inputs on
 * the tracer under the names that its batches use, reads parameters through the branches (`Branch.source` for heads of its
 * own) and returns losses; gradients, queues, AdamW and the teacher's update are the training step's, the same for all.
 * The step itself gives `alpha` and, to tasks with a queue, `pointer` i32 [1] (the first column to write) and `allIds`
 * i32 [batch + queue] (the batch's `ids`, then those of the columns). Everything else is the batch's. Where the configuration
 * has dropout the step also reads `seed` u32 [], by default the number of the step; its streams from 16 on are dropout's.
 */
export interface TrainingTask {
  /** Losses of one batch. Called once, while the graph is traced. */
  build(parts: TaskParts): TaskLosses;
  /** Losses that are not finite are taken as they come, as in the official code; else they stop the step. */
  readonly faithful?: boolean;
}
