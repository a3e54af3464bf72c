import { GraphError } from "../../errors.ts";
import type { Arena, ParameterStore, UploadOptions } from "../../executor.ts";
import type { TensorSpec } from "../../spec.ts";
import { expectData } from "../check-inputs.ts";
import { flatArena, packArenas, type TensorSource } from "../pack-arenas.ts";
import { checked } from "./checked.ts";
import { type BufferMemory, paddedBytes } from "./memory.ts";
import { readBuffer } from "./tensor.ts";

export interface StoredParameter {
  readonly spec: TensorSpec;
  readonly buffer: GPUBuffer;
  readonly offset: number;
}

/** Weights in flat arenas: few buffers, each tensor at an aligned offset. */
export interface WebGpuParameterStore extends ParameterStore {
  readonly entries: ReadonlyMap<string, StoredParameter>;
}

interface StoreParts {
  readonly entries: Map<string, StoredParameter>;
  readonly buffers: GPUBuffer[];
  readonly arenas: Arena[];
}

/** Uploads tensors as they come; at most one arena's worth is held on the CPU. */
export async function uploadParameters(
  device: GPUDevice,
  memory: BufferMemory,
  tensors: TensorSource,
  { flat }: UploadOptions = {},
): Promise<WebGpuParameterStore> {
  const parts: StoreParts = { entries: new Map(), buffers: [], arenas: [] };
  const { entries, buffers, arenas } = parts;
  try {
    for await (const packed of packArenas(tensors)) {
      const arena = flat === undefined ? undefined : flatArena(`${flat}.${arenas.length}`, packed);
      const label = arena?.name ?? `weights ${buffers.length}`;
      const buffer = await checked(device, label, () => {
        const made = memory.create(label, packed.sizeBytes, storage());
        buffers.push(made);
        for (const { tensor, offsetBytes } of packed.slots) {
          if (tensor.data) device.queue.writeBuffer(made, offsetBytes, paddedBytes(tensor.data));
        }
        return made;
      });
      for (const { tensor, offsetBytes } of packed.slots) {
        const spec = { dtype: tensor.dtype, shape: tensor.shape };
        entries.set(tensor.name, { spec, buffer, offset: offsetBytes });
      }
      if (!arena) continue;
      arenas.push(arena);
      entries.set(arena.name, { spec: { dtype: "f32", shape: [arena.elements] }, buffer, offset: 0 });
    }
  } catch (error) {
    buffers.forEach(memory.free);
    throw error;
  }
  return storeOf(device, memory, parts);
}

function storeOf(
  device: GPUDevice,
  memory: BufferMemory,
  { entries, buffers, arenas }: StoreParts,
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
    arenas,
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

function storage(): GPUBufferUsageFlags {
  return GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
}
