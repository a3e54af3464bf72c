import { DeviceError } from "../../errors.ts";
import type { MemoryCount } from "../../executor.ts";

/** Makes and frees the GPU buffers of one executor, and counts them. */
export interface BufferMemory {
  create(label: string, sizeBytes: number, usage: GPUBufferUsageFlags): GPUBuffer;
  free(buffer: GPUBuffer): void;
  count(): MemoryCount;
  freeAll(): void;
}

export function bufferMemory(device: GPUDevice): BufferMemory {
  const held = new Set<GPUBuffer>();
  const free = (buffer: GPUBuffer) => {
    if (held.delete(buffer)) buffer.destroy();
  };
  return {
    create(label, sizeBytes, usage) {
      if (sizeBytes > device.limits.maxBufferSize) {
        throw new DeviceError(
          `${label}: ${sizeBytes} bytes exceed the device's maxBufferSize of ${device.limits.maxBufferSize}`,
        );
      }
      const buffer = device.createBuffer({ label, size: Math.max(sizeBytes, 16), usage });
      held.add(buffer);
      return buffer;
    },
    free,
    count: () => ({ buffers: held.size, bytes: [...held].reduce((total, buffer) => total + buffer.size, 0) }),
    freeAll: () => [...held].forEach(free),
  };
}

/** The same memory; what is made through it is listed in `made`, for those who must undo it. */
export function recorded(memory: BufferMemory, made: GPUBuffer[]): BufferMemory {
  const create: BufferMemory["create"] = (label, sizeBytes, usage) => {
    const buffer = memory.create(label, sizeBytes, usage);
    made.push(buffer);
    return buffer;
  };
  return { ...memory, create };
}

/** Bytes as `writeBuffer` wants them: a multiple of 4. */
export function paddedBytes(data: ArrayBufferView): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  if (bytes.byteLength % 4 === 0) return bytes;
  const padded = new Uint8Array(Math.ceil(bytes.byteLength / 4) * 4);
  padded.set(bytes);
  return padded;
}
