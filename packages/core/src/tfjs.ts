export { createTfjsExecutor } from "./executors/tfjs/executor.ts";
export type { TfjsTensor } from "./executors/tfjs/tensor.ts";
