import type { TensorData } from "../../graph/graph.ts";
import { sizeBytes, type TensorSpec } from "../../spec.ts";
import { mapped } from "./checked.ts";
import type { BufferMemory } from "./memory.ts";
import { dataFrom } from "./tensor.ts";

interface Place {
  readonly spec: TensorSpec;
  readonly buffer: GPUBuffer;
  readonly offset: number;
}

/** One staging buffer, kept between runs, through which all results of a run come back together. */
export interface StagingArea {
  read(device: GPUDevice, wanted: readonly (readonly [string, Place])[]): Promise<[string, TensorData][]>;
  dispose(): void;
}

export function stagingArea(memory: BufferMemory): StagingArea {
  let staging: GPUBuffer | undefined;
  const atLeast = (bytes: number): GPUBuffer => {
    if (staging && staging.size >= bytes) return staging;
    if (staging) memory.free(staging);
    staging = memory.create("staging", bytes, GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ);
    return staging;
  };
  const dispose = () => {
    if (staging) memory.free(staging);
    staging = undefined;
  };
  return {
    async read(device, wanted) {
      if (wanted.length === 0) {
        await device.queue.onSubmittedWorkDone();
        return [];
      }
      const offsets: number[] = [];
      let total = 0;
      for (const [, { spec }] of wanted) {
        offsets.push(total);
        total += sizeBytes(spec);
      }
      const target = atLeast(total);
      const encoder = device.createCommandEncoder();
      for (const [i, [, { spec, buffer, offset }]] of wanted.entries()) {
        encoder.copyBufferToBuffer(buffer, offset, target, offsets[i]!, sizeBytes(spec));
      }
      device.queue.submit([encoder.finish()]);
      const mapping = mapped(target, total);
      device.queue.submit([]); // Firefox delays a map by 100 ms unless another submit follows
      const range = await mapping.catch((error: unknown) => {
        dispose(); // it may never have had memory
        throw error;
      });
      const results = wanted.map(([name, { spec }], i): [string, TensorData] => [
        name,
        dataFrom(spec, range, offsets[i]!),
      ]);
      target.unmap();
      return results;
    },
    dispose,
  };
}
