export { gradients } from "./autodiff/backward.ts";
export { checkpoint } from "./autodiff/checkpoint.ts";
export { type GradientsOf, grad, stopGradient, type ValueAndGrad, valueAndGrad } from "./autodiff/grad.ts";
export { DeviceError, DTypeError, GraphError, ShapeError } from "./errors.ts";
export type {
  Arena,
  DeviceTensor,
  Executor,
  KernelTime,
  MemoryCount,
  NamedSpec,
  NamedTensor,
  ParameterStore,
  Program,
  ProgramInputs,
  RunOptions,
} from "./executor.ts";
export {
  type LargestPiece,
  larger,
  type ProgramMemory,
  programMemory,
  uploadedBytes,
} from "./executors/estimate-memory.ts";
export { evaluateF64 } from "./executors/f64/evaluate.ts";
export { isSoftwareAdapter } from "./executors/webgpu/device.ts";
export { createWebGpuExecutor, type WebGpuExecutor, type WebGpuExecutorOptions } from "./executors/webgpu/executor.ts";
export type { TuningOptions, TuningStore } from "./executors/webgpu/tuning.ts";
export { apply } from "./graph/apply.ts";
export { add, broadcastTo, cast, reshape, slice } from "./graph/forward-primitives.ts";
export type { Graph, Node, TensorData } from "./graph/graph.ts";
export type { PrimitiveSet } from "./graph/primitive-set.ts";
export { primitives } from "./graph/primitives.ts";
export { printGraph } from "./graph/print.ts";
export type { Tensor } from "./graph/tensor.ts";
export { type Tracer, trace } from "./graph/trace.ts";
export { floatsFrom, fromHalf, halvesFrom, toHalf } from "./half.ts";
export {
  type ByteSource,
  byteSource,
  type CheckpointTensor,
  castFloats,
  checkKeys,
  decodeTensor,
  dequantizeMatrix,
  namedSpecs,
  namedTensors,
  openSafetensors,
  openTorchCheckpoint,
  type QuantizedMatrix,
  type QuantizeOptions,
  quantizeMatrix,
  type Safetensors,
  type StoredDType,
  type StoredTensor,
  safetensorsBlob,
  safetensorsChunks,
  shardNames,
  type TorchCheckpoint,
  WeightError,
  type WritableTensor,
  writableTensor,
} from "./io/index.ts";
export { type AdamWStep, adamW, GROUP_BLOCK } from "./ops/adamw.ts";
export { type AttentionOptions, attention } from "./ops/attention.ts";
export { attentionContext } from "./ops/attention-context.ts";
export { type DroppedAttentionOptions, droppedAttention } from "./ops/attention-dropout.ts";
export { attentionProbabilities } from "./ops/attention-probabilities.ts";
export { axpby } from "./ops/axpby.ts";
export { categorical } from "./ops/categorical.ts";
export { type CrossEntropyTargets, crossEntropy } from "./ops/cross-entropy.ts";
export { type DropoutOptions, dropout } from "./ops/dropout.ts";
export { embeddingLayerNorm } from "./ops/embedding-layernorm.ts";
export { gelu } from "./ops/gelu.ts";
export { l2Normalize } from "./ops/l2-normalize.ts";
export { layerNorm } from "./ops/layernorm.ts";
export { type LinearOptions, linear } from "./ops/linear.ts";
export { patchEmbedding } from "./ops/patch-embedding.ts";
export { type QuantizedLinearOptions, quantizedLinear } from "./ops/quantized-linear.ts";
export { queueWrite } from "./ops/queue-write.ts";
export { type RandomOptions, randomUniform } from "./ops/random-uniform.ts";
export { type SimilarityOptions, similarity } from "./ops/similarity.ts";
export { softmax } from "./ops/softmax.ts";
export { squaredNorm } from "./ops/squared-norm.ts";
export { topK } from "./ops/top-k.ts";
export { toHalfPrecision } from "./passes/precision.ts";
export { graphCosts, type NodeCost } from "./profile/costs.ts";
export {
  bytesPerElement,
  type DType,
  elementCount,
  formatSpec,
  type Shape,
  sizeBytes,
  type TensorSpec,
} from "./spec.ts";
