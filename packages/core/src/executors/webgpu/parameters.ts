import { GraphError } from "../../errors.ts";
import type { NamedTensor, ParameterStore } from "../../executor.ts";
import { sizeBytes, type TensorSpec } from "../../spec.ts";
import { expectData } from "../check-inputs.ts";
import { type BufferMemory, paddedBytes } from "./memory.ts";
import { readBuffer } from "./tensor.ts";

const ALIGNMENT = 256;
const ARENA_BYTES = 64 * 2 ** 20;

export interface StoredParameter {
  readonly spec: TensorSpec;
  readonly buffer: GPUBuffer;
  readonly offset: number;
}

/** Weights in flat arenas: few buffers, each tensor at an aligned offset. */
export interface WebGpuParameterStore extends ParameterStore {
  readonly entries: ReadonlyMap<string, StoredParameter>;
}

/** Uploads tensors as they come; at most one arena's worth is held on the CPU. */
export async function uploadParameters(
  device: GPUDevice,
  memory: BufferMemory,
  tensors: Iterable<NamedTensor> | AsyncIterable<NamedTensor>,
): Promise<WebGpuParameterStore> {
  const entries = new Map<string, StoredParameter>();
  const buffers: GPUBuffer[] = [];
  let pending: NamedTensor[] = [];
  let pendingBytes = 0;
  const flush = () => {
    if (pending.length === 0) return;
    const buffer = memory.create(`weights ${buffers.length}`, pendingBytes, storage());
    buffers.push(buffer);
    let offset = 0;
    for (const tensor of pending) {
      device.queue.writeBuffer(buffer, offset, paddedBytes(tensor.data));
      entries.set(tensor.name, { spec: { dtype: tensor.dtype, shape: tensor.shape }, buffer, offset });
      offset += aligned(tensor);
    }
    pending = [];
    pendingBytes = 0;
  };
  try {
    for await (const tensor of tensors) {
      expectData(`parameter ${tensor.name}`, tensor, tensor.data);
      if (pendingBytes + aligned(tensor) > ARENA_BYTES) flush();
      pending.push(tensor);
      pendingBytes += aligned(tensor);
    }
    flush();
  } catch (error) {
    buffers.forEach(memory.free);
    throw error;
  }
  return storeOf(device, memory, { entries, buffers });
}

function storeOf(
  device: GPUDevice,
  memory: BufferMemory,
  { entries, buffers }: { readonly entries: Map<string, StoredParameter>; readonly buffers: readonly GPUBuffer[] },
): WebGpuParameterStore {
  const known = (name: string) => {
    const entry = entries.get(name);
    if (!entry) throw new GraphError(`parameters: no parameter is called ${name}`);
    return entry;
  };
  const dispose = () => {
    buffers.forEach(memory.free);
    entries.clear();
  };
  return {
    entries,
    specs: new Map([...entries].map(([name, entry]) => [name, entry.spec])),
    sizeBytes: buffers.reduce((total, buffer) => total + buffer.size, 0),
    read: async (name) => readBuffer(device, memory, known(name)),
    write(name, data) {
      const { spec, buffer, offset } = known(name);
      expectData(`parameter ${name}`, spec, data);
      device.queue.writeBuffer(buffer, offset, paddedBytes(data));
    },
    dispose,
    [Symbol.dispose]: dispose,
  };
}

function aligned(spec: TensorSpec): number {
  return Math.ceil(Math.max(sizeBytes(spec), 16) / ALIGNMENT) * ALIGNMENT;
}

function storage(): GPUBufferUsageFlags {
  return GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
}
