import { DTypeError } from "../../errors.ts";
import { formatSpec, sizeBytes, type TensorSpec } from "../../spec.ts";
import type { BufferMemory } from "./memory.ts";
import { type WebGpuTensor, webGpuTensor } from "./tensor.ts";

/** Brings tensors one after another into a buffer, on the device. */
export function copyParts(device: GPUDevice, parts: readonly WebGpuTensor[], to: GPUBuffer): void {
  const encoder = device.createCommandEncoder();
  let at = 0;
  for (const part of parts) {
    const size = copySize(part);
    encoder.copyBufferToBuffer(part.buffer, part.offset, to, at, size);
    at += size;
  }
  device.queue.submit([encoder.finish()]);
}

interface Place {
  readonly spec: TensorSpec;
  readonly buffer: GPUBuffer;
  readonly offset: number;
}

/** The rows of values of one extent along axis 0, each a tensor [1, ...] with a buffer of its own. */
export function copyRows(
  device: GPUDevice,
  memory: BufferMemory,
  places: ReadonlyMap<string, Place>,
): Record<string, WebGpuTensor>[] {
  const [first] = places.values();
  const encoder = device.createCommandEncoder();
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const copied = ({ spec, buffer, offset }: Place, index: number) => {
    const row = { dtype: spec.dtype, shape: [1, ...spec.shape.slice(1)] };
    const size = copySize(row);
    const own = memory.create("row", size, usage);
    encoder.copyBufferToBuffer(buffer, offset + index * size, own, 0, size);
    return webGpuTensor({ device, memory, spec: row, buffer: own, offset: 0, dispose: () => memory.free(own) });
  };
  const rows = Array.from({ length: first?.spec.shape[0] ?? 0 }, (_, index) =>
    Object.fromEntries([...places].map(([name, place]) => [name, copied(place, index)])),
  );
  device.queue.submit([encoder.finish()]);
  return rows;
}

/** Copies go by four bytes: rows of an odd number of halves cannot be cut out. */
function copySize(spec: TensorSpec): number {
  const size = sizeBytes(spec);
  if (size % 4 === 0) return size;
  throw new DTypeError(`rows: ${formatSpec(spec)} is no multiple of 4 bytes`);
}
