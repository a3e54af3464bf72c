import { TrainingError } from "./errors.ts";
import { objective } from "./objective.ts";
import type { ObjectiveOptions } from "./objective-options.ts";
import { type BatchShape, stepInputs } from "./step-inputs.ts";
import type { TrainingTask } from "./task.ts";

export interface PairTaskOptions {
  readonly shape: BatchShape;
  readonly objective: ObjectiveOptions;
  /** Hard negatives come as inputs `negativeImages` and `negativeTexts`. */
  readonly givenNegatives?: boolean;
}

/**
 * Pairs of an image and a text: pre-training (official model_pretrain.py) and retrieval (model_retrieval.py). A batch
 * holds the inputs of `StepInputs`. Throws TrainingError where batch and queue do not fit.
 */
export function pairTask({ shape, objective: options, givenNegatives = false }: PairTaskOptions): TrainingTask {
  expectBatch(shape, options);
  return {
    faithful: options.faithful,
    build: ({ tracer, config, online, teacher, alpha }) => {
      const inputs = stepInputs(tracer, { config, shape, objective: options, givenNegatives });
      return objective({ tracer, online, teacher, options, inputs: { ...inputs, alpha } });
    },
  };
}

function expectBatch({ batch }: BatchShape, { queueSize, faithful }: ObjectiveOptions): void {
  if (batch < 2) throw new TrainingError(`training: a batch needs 2 pairs or more to contrast, got ${batch}`);
  if (queueSize > 0 && batch > queueSize) {
    throw new TrainingError(`training: a queue of ${queueSize} features is too small for batches of ${batch}`);
  }
  if (faithful && queueSize > 0 && queueSize % batch !== 0) {
    throw new TrainingError(
      `training: as official, the queue of ${queueSize} must be a multiple of the batch of ${batch}`,
    );
  }
}
