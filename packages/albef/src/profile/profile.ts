import type { Graph, KernelTime, Program, TensorData } from "@albef/core";
import { imageGraph, keysGraph, matchGraph, textGraph } from "../model/graphs.ts";
import type { LoadedModel } from "../model/load.ts";
import { devicePeak, rooflineShare } from "./roofline.ts";
import type { ModelProfile, OpTotal, ProfiledKernel, ProfileOptions } from "./types.ts";

const TEXT_LENGTH = 16;
const JSON_TYPE = "application/json";

/** Runs each part of a model once, kernel by kernel. */
export async function profileModel(loaded: LoadedModel, options: ProfileOptions = {}): Promise<ModelProfile> {
  const { engine, device, origin } = loaded;
  const { batch = 1, length = TEXT_LENGTH, repeats = 5, signal } = options;
  const { plan } = engine;
  const parts: Readonly<Record<ProfiledKernel["part"], Graph>> = {
    image: imageGraph(plan, batch),
    text: textGraph(plan, { batch, length }),
    keys: keysGraph(plan, batch),
    match: matchGraph(plan, { pairs: batch, texts: batch, images: batch, length }),
  };
  const peak = await devicePeak(engine.executor);
  const kernels: ProfiledKernel[] = [];
  for (const [part, graph] of Object.entries(parts) as [ProfiledKernel["part"], Graph][]) {
    signal?.throwIfAborted();
    using program = await engine.executor.compile(graph, origin.store);
    const times = await meanTimes(program, inputsOf(graph), repeats);
    kernels.push(...times.map((time) => ({ ...time, part, rooflineShare: rooflineShare(time, peak) })));
  }
  const measured = { device: device.description, peak, kernels };
  return { ...measured, byOp: totals(kernels), traceFile: () => new Blob([traceText(measured)], { type: JSON_TYPE }) };
}

/** Each kernel with its mean time; they begin where those of the last run began. */
async function meanTimes(program: Program, inputs: Record<string, TensorData>, repeats: number): Promise<KernelTime[]> {
  const runs: (readonly KernelTime[])[] = [];
  for (let i = 0; i < Math.max(1, repeats); i++) runs.push(await program.profile(inputs));
  const mean = (kernel: number) => runs.reduce((sum, run) => sum + run[kernel]!.ns, 0) / runs.length;
  return runs.at(-1)!.map((time, kernel) => ({ ...time, ns: mean(kernel) }));
}

/** Values that cost what real ones do: pixels and states of one size, words, no padding. */
function inputsOf({ inputs, values }: Graph): Record<string, TensorData> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, id]) => {
      const { dtype, shape } = values[id]!;
      const elements = shape.reduce((product, extent) => product * extent, 1);
      return [name, dtype === "i32" ? new Int32Array(elements).fill(1) : new Float32Array(elements).fill(1)];
    }),
  );
}

/** One track per part of the model; times in microseconds, as the format wants them. */
function traceText({ device, kernels }: Pick<ModelProfile, "device" | "kernels">): string {
  const parts = [...new Set(kernels.map(({ part }) => part))];
  const named = (name: string, tid: number, text: string) => ({ ph: "M", pid: 1, tid, name, args: { name: text } });
  const events = kernels.map(({ part, op, shapes, startNs, ns, flops, bytes, clock, rooflineShare }) => ({
    ...{ ph: "X", pid: 1, tid: parts.indexOf(part) + 1, cat: part, name: op, ts: startNs / 1000, dur: ns / 1000 },
    args: { shapes, flops, bytes, "GFLOP/s": flops / ns, "GB/s": bytes / ns, "roofline share": rooflineShare, clock },
  }));
  const names = [named("process_name", 1, device), ...parts.map((part, i) => named("thread_name", i + 1, part))];
  return JSON.stringify({ displayTimeUnit: "ns", traceEvents: [...names, ...events] });
}

function totals(kernels: readonly ProfiledKernel[]): OpTotal[] {
  const byOp = new Map<string, OpTotal>();
  for (const { op, ns, flops, bytes } of kernels) {
    const sum = byOp.get(op) ?? { op, count: 0, ns: 0, flops: 0, bytes: 0 };
    const added = { ns: sum.ns + ns, flops: sum.flops + flops, bytes: sum.bytes + bytes };
    byOp.set(op, { op, count: sum.count + 1, ...added });
  }
  return [...byOp.values()].sort((a, b) => b.ns - a.ns);
}
