import { DeviceError, DTypeError } from "../../errors.ts";
import type { DeviceTensor } from "../../executor.ts";
import type { TfModule, TfTensor } from "../../op.ts";
import { formatSpec, sizeBytes, type TensorSpec } from "../../spec.ts";
import type { WebGpuExecutor } from "../webgpu/executor.ts";
import { isWebGpuTensor, type WebGpuTensor } from "../webgpu/tensor.ts";

/** What is used of the backend of `@tensorflow/tfjs-backend-webgpu` 4. */
interface TfjsWebGpuBackend {
  readonly device: GPUDevice;
  readonly tensorMap: { get(dataId: object): { readonly resource?: GPUBuffer | GPUTexture | null } | undefined };
  uploadToGPU(dataId: object): void;
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
}

/**
 * Tensors that an executor and tfjs's WebGPU backend share on one device: buffers change hands, values never pass through
 * the CPU. Both submit to one queue, so what one has submitted is done before what the other submits later.
 */
export interface TfjsExchange {
  /**
   * A tfjs tensor (float32 or int32) as a graph input. It holds the tensor's values until it is disposed, even if tfjs
   * disposes the tensor meanwhile; dispose both. Throws DTypeError for other dtypes.
   */
  fromTfjs(tensor: TfTensor): DeviceTensor;
  /**
   * A graph output (or any tensor of the executor, f32 or i32) as a tfjs tensor over the same buffer; the executor goes
   * on owning that. An output may be used until its program runs again or is disposed: call `flush` before that. Throws
   * DTypeError for other dtypes, DeviceError for a tensor of another executor.
   */
  toTfjs(tensor: DeviceTensor): TfTensor;
  /** Submits what tfjs has recorded but kept back; reading a tensor does so too. */
  flush(): void;
}

const SMALLEST_BINDING = 16; // kernels read vec4

/** Throws DeviceError unless tfjs has its WebGPU backend set, on the executor's own device. */
export function tfjsExchange(executor: WebGpuExecutor, tf: TfModule): TfjsExchange {
  const { device } = executor;
  const backend = webGpuBackend(tf, device);
  const flush = () => {
    backend.ensureCommandEncoderReady();
    backend.endComputePassEncoder();
    backend.submitQueue();
  };
  const copy = (from: GPUBuffer, offset: number, to: GPUBuffer, size: number) => {
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(from, offset, to, 0, size);
    device.queue.submit([encoder.finish()]);
  };

  const fromTfjs = (tensor: TfTensor): DeviceTensor => {
    const spec = specOf(tensor);
    const held = tf.keep(tf.clone(tensor)); // shares the data; tidy() does not free it
    backend.uploadToGPU(held.dataId); // where tfjs has not done so yet
    flush();
    const buffer = bufferOf(backend, held);
    if (buffer.size < SMALLEST_BINDING) {
      const room = executor.tensor(spec, emptyData(spec)) as WebGpuTensor;
      copy(buffer, 0, room.buffer, sizeBytes(spec));
      held.dispose();
      return room;
    }
    const dispose = () => held.dispose();
    return { ...executor.wrap(spec, buffer), dispose, [Symbol.dispose]: dispose };
  };

  const toTfjs = (tensor: DeviceTensor): TfTensor => {
    const shape = [...tensor.shape];
    const dtype = tfjsDtype(tensor);
    if (!isWebGpuTensor(tensor)) {
      throw new DeviceError(`tfjs exchange: ${formatSpec(tensor)} is not a tensor of the WebGPU executor`);
    }
    const { buffer, offset } = tensor;
    const size = sizeBytes(tensor);
    if (offset === 0 && buffer.size === size) return tf.tensor({ buffer, zeroCopy: true }, shape, dtype);
    // tfjs reads a buffer from its begin to its end, so a part of one is copied; tfjs owns the copy.
    const part = device.createBuffer({ size, usage: buffer.usage });
    copy(buffer, offset, part, size);
    const copied = tf.tensor({ buffer: part, zeroCopy: false }, shape, dtype);
    part.destroy();
    return copied;
  };

  return { fromTfjs, toTfjs, flush };
}

function webGpuBackend(tf: TfModule, device: GPUDevice): TfjsWebGpuBackend {
  const backend = tf.backend() as unknown as Partial<TfjsWebGpuBackend>;
  if (tf.getBackend() !== "webgpu" || !backend.tensorMap || !backend.uploadToGPU || !backend.submitQueue) {
    throw new DeviceError(`tfjs exchange: tfjs must have its webgpu backend (4.x) set, it has ${tf.getBackend()}`);
  }
  if (backend.device !== device) {
    throw new DeviceError(
      "tfjs exchange: tfjs and the executor have different devices; make the executor with `device: tf.backend().device`",
    );
  }
  return backend as TfjsWebGpuBackend;
}

function bufferOf(backend: TfjsWebGpuBackend, tensor: TfTensor): GPUBuffer {
  const resource = backend.tensorMap.get(tensor.dataId)?.resource;
  if (resource instanceof GPUBuffer) return resource;
  tensor.dispose();
  throw new DeviceError(`tfjs exchange: tfjs holds the tensor [${tensor.shape}] in no buffer`);
}

function specOf({ dtype, shape }: TfTensor): TensorSpec {
  if (dtype === "float32") return { dtype: "f32", shape };
  if (dtype === "int32") return { dtype: "i32", shape };
  throw new DTypeError(`tfjs exchange: tensors must be float32 or int32, got ${dtype}`);
}

function tfjsDtype(spec: TensorSpec): "float32" | "int32" {
  if (spec.dtype === "f32") return "float32";
  if (spec.dtype === "i32") return "int32";
  throw new DTypeError(`tfjs exchange: tfjs has no ${spec.dtype}, got ${formatSpec(spec)}`);
}

function emptyData({ dtype, shape }: TensorSpec): Float32Array | Int32Array {
  const count = shape.reduce((size, extent) => size * extent, 1);
  return dtype === "f32" ? new Float32Array(count) : new Int32Array(count);
}
