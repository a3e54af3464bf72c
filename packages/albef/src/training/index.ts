export { tunedModel } from "./adapter.ts";
export { readAdapter } from "./adapter-file.ts";
export { finetuneTask } from "./finetune-task.ts";
export { PRETRAIN_GOAL, RETRIEVAL_GOAL } from "./goals.ts";
export { type AnyPretrainOptions, pretrainGoal } from "./pretrain.ts";
export { startTraining } from "./run.ts";
