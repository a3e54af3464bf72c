export { readAdapter, tunedModel } from "./adapter.ts";
export { finetune } from "./run.ts";
