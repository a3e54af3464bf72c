export { DatasetError } from "./errors.ts";
export { type DatasetOptions, type DatasetSource, readDataset } from "./read.ts";
