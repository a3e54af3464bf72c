export { type ByteSource, byteSource } from "./byte-source.ts";
export { WeightError } from "./errors.ts";
export { dequantizeMatrix, type QuantizedMatrix, type QuantizeOptions, quantizeMatrix } from "./quantize.ts";
export { openSafetensors, type Safetensors, type StoredTensor } from "./safetensors.ts";
export { safetensorsBlob, safetensorsChunks, type WritableTensor, writableTensor } from "./safetensors-writer.ts";
export { castFloats, decodeTensor, type StoredDType } from "./stored-dtype.ts";
export { type CheckpointTensor, openTorchCheckpoint, type TorchCheckpoint } from "./torch-checkpoint.ts";
export { checkKeys, type NamedTensorsOptions, namedSpecs, namedTensors, shardNames } from "./weight-files.ts";
