import type { KernelTime } from "../../executor.ts";
import type { Graph } from "../../graph/graph.ts";
import type { NodeCost } from "../../profile/costs.ts";
import { nodeShapes } from "../../profile/shapes.ts";
import type { Dispatch } from "./dispatches.ts";

/** Two timestamps per dispatch; WebGPU allows 4096 in a query set. */
const DISPATCHES_PER_SET = 1024;

interface Parts {
  readonly device: GPUDevice;
  readonly graph: Graph;
  readonly dispatches: readonly Dispatch[];
}

interface ProfiledRun extends Parts {
  groupOf(index: number): GPUBindGroup;
}

/**
 * Runs the dispatches once, each in a pass of its own: by the device's timestamps, else by the clock, waiting for each.
 * Passes keep kernels from overlapping, so the sum is a little more than an ordinary run takes.
 */
export async function profileDispatches(parts: Parts, groupOf: (index: number) => GPUBindGroup): Promise<KernelTime[]> {
  const run = { ...parts, groupOf };
  const measure = run.device.features.has("timestamp-query") ? byTimestamps : byClock;
  const times: Timed[] = [];
  for (let begin = 0; begin < run.dispatches.length; begin += DISPATCHES_PER_SET) {
    times.push(...(await measure(run, begin, Math.min(begin + DISPATCHES_PER_SET, run.dispatches.length))));
  }
  return times.map((time, i) => {
    const { node, cost } = run.dispatches[i]!;
    return { ...cost, ...time, shapes: nodeShapes(node, run.graph) };
  });
}

type Timed = Omit<KernelTime, keyof NodeCost | "shapes">;

function encode(run: ProfiledRun, pass: GPUComputePassEncoder, index: number): void {
  const { pipeline, workgroups } = run.dispatches[index]!;
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, run.groupOf(index));
  pass.dispatchWorkgroups(...workgroups);
  pass.end();
}

async function byTimestamps(run: ProfiledRun, begin: number, end: number): Promise<Timed[]> {
  const { device } = run;
  const count = 2 * (end - begin);
  const querySet = device.createQuerySet({ type: "timestamp", count });
  const size = 8 * count;
  const resolved = device.createBuffer({ size, usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC });
  const staging = device.createBuffer({ size, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
  try {
    for (let index = begin; index < end; index++) {
      const at = 2 * (index - begin);
      const encoder = device.createCommandEncoder();
      const timestampWrites = { querySet, beginningOfPassWriteIndex: at, endOfPassWriteIndex: at + 1 };
      encode(run, encoder.beginComputePass({ timestampWrites }), index);
      device.queue.submit([encoder.finish()]);
    }
    const encoder = device.createCommandEncoder();
    encoder.resolveQuerySet(querySet, 0, count, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, staging, 0, size);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    const stamps = new BigInt64Array(staging.getMappedRange());
    const first = stamps[0]!;
    return Array.from({ length: end - begin }, (_, i) => ({
      startNs: Number(stamps[2 * i]! - first),
      ns: Number(stamps[2 * i + 1]! - stamps[2 * i]!),
      clock: "device" as const,
    }));
  } finally {
    querySet.destroy();
    resolved.destroy();
    staging.destroy();
  }
}

async function byClock(run: ProfiledRun, begin: number, end: number): Promise<Timed[]> {
  const { device } = run;
  await device.queue.onSubmittedWorkDone();
  const start = performance.now();
  const times: Timed[] = [];
  for (let index = begin; index < end; index++) {
    const from = performance.now();
    const encoder = device.createCommandEncoder();
    encode(run, encoder.beginComputePass(), index);
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    const ns = (performance.now() - from) * 1e6;
    times.push({ startNs: (from - start) * 1e6, ns, clock: "host" });
  }
  return times;
}
