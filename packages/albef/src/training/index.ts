export { readAdapter, tunedModel } from "./adapter.ts";
export { PRETRAIN_GOAL, RETRIEVAL_GOAL } from "./goals.ts";
export { startTraining } from "./run.ts";
