export { type Converted, type ConvertOptions, convertCheckpoint } from "./convert.ts";
export type { WeightDType } from "./selection.ts";
export { type ModelSink, opfsSink } from "./sinks.ts";
