import {
  type Executor,
  type Graph,
  type KernelTime,
  linear,
  primitives,
  trace,
  type WebGpuExecutor,
} from "@albef/core";
import type { ModelProfile } from "./types.ts";

/** Large enough for the clock of the device: browsers tell times of GPUs in steps of 0.1 ms. */
const GPU_PROBE = { side: 2048, elements: 2 ** 24 };
const CPU_PROBE = { side: 512, elements: 2 ** 22 };
const REPEATS = 3;

/** Measures a device by its own best kernels, so that shares say what a kernel could still gain, not what a data sheet says. */
export async function devicePeak(executor: Executor): Promise<ModelProfile["peak"]> {
  const isGpu = executor.kind === "webgpu" && !(executor as WebGpuExecutor).facts.isCpu;
  const { side, elements } = isGpu ? GPU_PROBE : CPU_PROBE;
  const product = trace((tracer) => {
    const matrix = (name: string) => tracer.input(name, { dtype: "f32", shape: [side, side] });
    return { y: linear(matrix("x"), matrix("weight")) };
  });
  const pass = trace((tracer) => {
    const x = tracer.input("x", { dtype: "f32", shape: [elements] });
    return { y: primitives.add(x, 1) };
  });
  return {
    flopsPerSecond: await best(executor, product, ({ flops, ns }) => flops / ns),
    bytesPerSecond: await best(executor, pass, ({ bytes, ns }) => bytes / ns),
  };
}

/** The highest rate of a few runs, per second. */
async function best(executor: Executor, graph: Graph, rate: (kernel: KernelTime) => number): Promise<number> {
  using program = await executor.compile(graph);
  const inputs = Object.fromEntries(
    Object.entries(graph.inputs).map(([name, id]) => {
      const elements = graph.values[id]!.shape.reduce((product, extent) => product * extent, 1);
      return [name, new Float32Array(elements).fill(0.5)];
    }),
  );
  let highest = 0;
  for (let i = 0; i < REPEATS; i++) {
    for (const kernel of await program.profile(inputs)) highest = Math.max(highest, kernel.ns > 0 ? rate(kernel) : 0);
  }
  return highest * 1e9;
}

/** The least time that work and bytes allow on the device, as a share of the time taken; nothing where that is below the clock. */
export function rooflineShare(
  { flops, bytes, ns }: Pick<KernelTime, "flops" | "bytes" | "ns">,
  peak: ModelProfile["peak"],
): number | undefined {
  if (ns === 0) return undefined;
  return Math.max(flops / peak.flopsPerSecond, bytes / peak.bytesPerSecond) / (ns * 1e-9);
}
