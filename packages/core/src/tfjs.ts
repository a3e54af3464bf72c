export { type TfjsExchange, tfjsExchange } from "./executors/tfjs/exchange.ts";
export { createTfjsExecutor } from "./executors/tfjs/executor.ts";
export type { TfjsTensor } from "./executors/tfjs/tensor.ts";
