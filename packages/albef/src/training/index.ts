export { readAdapter, tunedModel } from "./adapter.ts";
export { finetuneTask } from "./finetune-task.ts";
export { PRETRAIN_GOAL, RETRIEVAL_GOAL } from "./goals.ts";
export { startTraining } from "./run.ts";
