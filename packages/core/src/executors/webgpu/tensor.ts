import type { DeviceTensor } from "../../executor.ts";
import type { TensorData } from "../../graph/graph.ts";
import { elementCount, sizeBytes, type TensorSpec } from "../../spec.ts";
import { checked, mapped } from "./checked.ts";
import type { BufferMemory } from "./memory.ts";

/** A value in a GPU buffer. `buffer` may be shared with other code on the same device. */
export interface WebGpuTensor extends DeviceTensor {
  readonly buffer: GPUBuffer;
  /** A multiple of 256. */
  readonly offset: number;
}

export interface WebGpuTensorOptions {
  readonly device: GPUDevice;
  readonly memory: BufferMemory;
  readonly spec: TensorSpec;
  readonly buffer: GPUBuffer;
  readonly offset: number;
  dispose(): void;
}

export function webGpuTensor({ device, memory, spec, buffer, offset, dispose }: WebGpuTensorOptions): WebGpuTensor {
  return {
    dtype: spec.dtype,
    shape: spec.shape,
    buffer,
    offset,
    read: () => readBuffer(device, memory, { spec, buffer, offset }),
    dispose,
    [Symbol.dispose]: dispose,
  };
}

export function isWebGpuTensor(value: unknown): value is WebGpuTensor {
  return typeof value === "object" && value !== null && "buffer" in value && "offset" in value && "read" in value;
}

/** Brings a part of a buffer to the CPU through a staging buffer of its own. */
export async function readBuffer(
  device: GPUDevice,
  memory: BufferMemory,
  { spec, buffer, offset }: { readonly spec: TensorSpec; readonly buffer: GPUBuffer; readonly offset: number },
): Promise<TensorData> {
  const size = sizeBytes(spec);
  return checked(device, "read", async () => {
    const staging = memory.create("readback", size, GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ);
    try {
      const encoder = device.createCommandEncoder();
      encoder.copyBufferToBuffer(buffer, offset, staging, 0, size);
      device.queue.submit([encoder.finish()]);
      return dataFrom(spec, await mapped(staging, size), 0);
    } finally {
      memory.free(staging);
    }
  });
}

/** A copy of the values that a mapped range holds at a byte offset. */
export function dataFrom(spec: TensorSpec, range: ArrayBuffer, offset: number): TensorData {
  const count = elementCount(spec.shape);
  switch (spec.dtype) {
    case "f32":
      return new Float32Array(range, offset, count).slice();
    case "f16":
      return new Uint16Array(range, offset, count).slice();
    case "i32":
      return new Int32Array(range, offset, count).slice();
    case "u32":
      return new Uint32Array(range, offset, count).slice();
  }
}
