export { type AssignmentTaskOptions, assignmentTask } from "./assignment-task.ts";
export { type Branch, type BranchModel, type BranchRuns, branch, type TextPrefix } from "./branches.ts";
export { type EntailmentTaskOptions, entailmentTask } from "./entailment-task.ts";
export { TrainingError } from "./errors.ts";
export { drawMasking, type MaskedTexts, type MaskingDraws, type MaskingOptions, maskWords } from "./masking.ts";
export { estimateMemory, type MemoryEstimate, type MemoryOptions } from "./memory.ts";
export { type NlvrTaskOptions, nlvrTask } from "./nlvr-task.ts";
export {
  type ObjectiveOptions,
  PRETRAIN_OBJECTIVE,
  RETRIEVAL_OBJECTIVE,
  TEMPERATURE_RANGE,
} from "./objective-options.ts";
export { type AdamWOptions, createOptimizer, DEFAULT_ADAMW, decaysWeight, type Optimizer } from "./optimizer.ts";
export { type PairTaskOptions, pairTask } from "./pair-task.ts";
export { type LoraOptions, loraNames, loraScale, trainingSource } from "./parameters.ts";
export { openState, savedTensors } from "./saved-state.ts";
export {
  type AlphaOptions,
  alphaAt,
  cosineRate,
  learningRateAt,
  type ScheduleOptions,
  type SmoothScheduleOptions,
  smoothLearningRate,
} from "./schedule.ts";

export { type BatchShape, pairInputs, type StepInputs } from "./step-inputs.ts";
export type { StepOptions, StepResult, StepSettings, TrainingBatch } from "./step-types.ts";
export type { TaskLosses, TaskParts, TrainingTask } from "./task.ts";
export { type TrainingGraph, type TrainingGraphOptions, trainingGraph } from "./training-graph.ts";
export { createTrainingState, type StateCounters, type TrainingState, type TrainingWeights } from "./training-state.ts";
export { createTrainingStep, type TrainingStep } from "./training-step.ts";
export { type VqaShape, type VqaTaskOptions, vqaTask } from "./vqa-task.ts";
