import type { Executor, ParameterStore, Program } from "@albef/core";
import { FIRST_LOSS_SCALE } from "./loss-scale.ts";
import { createOptimizer, type Optimizer } from "./optimizer.ts";
import { runStep } from "./run-step.ts";
import type { StepOptions, StepResult, StepSettings, TrainingBatch } from "./step-types.ts";
import { overwrittenBy, trainingGraph } from "./training-graph.ts";
import { createTrainingState, type TrainingState } from "./training-state.ts";

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
  const { weights, counters, draw, accumulate = 1, momentum = rest.config.momentum } = rest;
  const traced = trainingGraph({ ...rest, ...(frozen && { frozen: frozen.specs }) });
  const state = await createTrainingState(executor, {
    ...{ trainable: traced.trainable, weights, accumulates: accumulate > 1 },
    ...(traced.usesTeacher && { momentum }),
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
