import { createWebGpuExecutor, type WebGpuExecutor } from "@albef/core";
import { create, globals } from "webgpu";
import { albefEngine } from "../engines/albef.ts";
import { countGpu } from "../run/ledger.ts";
import { spreadOf } from "../run/statistics.ts";
import { createWorkload, type WorkloadRequest } from "../workloads/index.ts";
import type { Workload } from "../workloads/workload.ts";

export interface Point {
  readonly x: number;
  /** Median of a run. */
  readonly ms: number;
  /** Most bytes of GPU buffers, weights included. */
  readonly bytes: number;
}

/** How much is measured: quick runs show that the commands work. */
export interface Extent {
  readonly repeats: number;
  /** Of the sizes of a sweep, the smallest. */
  readonly sizes: number;
}

/** Our engine on Dawn; `null` plans and counts, but computes nothing. The GPU object must be held: Dawn crashes once it is collected. */
export async function openDawn(backend?: "null"): Promise<{ readonly gpu: GPU; readonly executor: WebGpuExecutor }> {
  Object.assign(globalThis, globals);
  const gpu = create(backend ? [`backend=${backend}`] : []);
  return { gpu, executor: await createWebGpuExecutor({ gpu }) };
}

/** Time and memory of one workload. */
export async function measureOurs(
  executor: WebGpuExecutor,
  workload: Workload,
  { repeats }: Pick<Extent, "repeats">,
): Promise<Omit<Point, "x">> {
  const times: number[] = [];
  const { peakBytes } = await countGpu(async () => {
    const prepared = await albefEngine(executor).prepare(workload);
    await prepared.run();
    for (let i = 0; i < repeats; i++) {
      const started = performance.now();
      await prepared.run();
      times.push(performance.now() - started);
    }
    prepared.dispose();
  });
  return { ms: spreadOf(times).median, bytes: peakBytes };
}

export interface Sweep {
  readonly request: WorkloadRequest;
  readonly key: "batch" | "length" | "imageSize";
  readonly values: readonly number[];
}

/** Time and memory as one of the workload's numbers grows. */
export async function sweep(
  executor: WebGpuExecutor,
  { request, key, values }: Sweep,
  extent: Extent,
): Promise<Point[]> {
  const points: Point[] = [];
  for (const x of values.slice(0, extent.sizes))
    points.push({ x, ...(await measureOurs(executor, createWorkload({ ...request, [key]: x }), extent)) });
  return points;
}
