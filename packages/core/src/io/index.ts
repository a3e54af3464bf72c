export { type ByteSource, byteSource } from "./byte-source.ts";
export { WeightError } from "./errors.ts";
export { castFloats, openSafetensors, type Safetensors, type StoredDType, type StoredTensor } from "./safetensors.ts";
export { safetensorsBlob, safetensorsChunks, type WritableTensor, writableTensor } from "./safetensors-writer.ts";
export { checkKeys, type NamedTensorsOptions, namedTensors, shardNames } from "./weight-files.ts";
