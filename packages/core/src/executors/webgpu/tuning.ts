import type { Graph, Node } from "../../graph/graph.ts";
import type { AdapterFacts, Kernel, OpTable } from "../../op.ts";
import { opOf } from "../../passes/rewrite.ts";
import { nodeSpecs } from "../../profile/costs.ts";
import { sizeBytes, type TensorSpec } from "../../spec.ts";
import { serialQueue } from "../serial-queue.ts";
import type { BufferMemory } from "./memory.ts";
import type { PipelineCache } from "./pipelines.ts";

/** Where choices are kept between sessions, such as localStorage or a file. */
export interface TuningStore {
  read(key: string): string | null | undefined | Promise<string | null | undefined>;
  write(key: string, value: string): void | Promise<void>;
}

export interface TuningOptions {
  readonly store: TuningStore;
  /** Most time that an executor spends on measuring, ms. Default 2000. A compilation that has begun is awaited. */
  readonly budgetMs?: number;
  /** Most time for one class of work, ms. Default 200. */
  readonly classMs?: number;
}

/** Chooses between kernels that compute the same by measuring them, once for each adapter and driver. */
export interface KernelTuning {
  /** The adapter's facts with a choice for all work of these nodes. What was chosen once, stays. */
  factsFor(nodes: readonly Node[], graph: Graph, ops: OpTable): Promise<AdapterFacts>;
}

export interface TuningContext {
  readonly device: GPUDevice;
  readonly memory: BufferMemory;
  readonly pipelines: PipelineCache;
  readonly facts: AdapterFacts;
  /** Adapter and driver. */
  readonly description: string;
}

const VERSION = 1; // of the candidates: other ones are measured anew
const BETTER = 0.95; // the default stays unless another one is clearly faster
const ROUNDS = 3;
const LEAST_MS = 4; // shorter measurements tell of the queue, not of the kernel
const MOST_BYTES = 2 ** 28; // of an operand: what is larger would take too much memory to try

export async function openTuning(context: TuningContext, options: TuningOptions): Promise<KernelTuning> {
  const { store, budgetMs = 2000, classMs = 200 } = options;
  const key = `albef kernels ${VERSION} ${context.description}`;
  const choices = parseChoices(await store.read(key));
  const enqueue = serialQueue(); // measurements must not disturb each other
  let left = budgetMs;

  const choose = async (node: Node, graph: Graph, ops: OpTable) => {
    const specs = nodeSpecs(node, graph);
    const lower = (facts: AdapterFacts) => opOf(ops, node).lower?.(specs, node.attrs, facts);
    const { work = "", names = [] } = lower(context.facts)?.choice ?? {};
    if (names.length < 2 || names.includes(choices[work] ?? "")) return false;
    const begun = performance.now();
    const kernels = names.map((name) => lower({ ...context.facts, choices: { [work]: name } })!);
    const fits = [...Object.values(specs.inputs), ...specs.outputs].every((spec) => sizeBytes(spec) <= MOST_BYTES);
    const end = begun + Math.min(classMs, left);
    const index = fits && left > 0 ? await fastest(context, kernels, { ...specs, op: node.op, end }) : 0;
    choices[work] = names[index]!;
    left -= performance.now() - begun;
    return true;
  };

  return {
    factsFor: (nodes, graph, ops) =>
      enqueue(async () => {
        let changed = false;
        for (const node of nodes) changed = (await choose(node, graph, ops)) || changed;
        if (changed) await store.write(key, JSON.stringify(choices));
        return { ...context.facts, choices: { ...choices } };
      }),
  };
}

/** Of what a store gave; anything else than names by names is no choice. */
function parseChoices(text: string | null | undefined): Record<string, string> {
  try {
    const value: unknown = JSON.parse(text ?? "{}");
    const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
    return Object.fromEntries(entries.filter(([, name]) => typeof name === "string"));
  } catch {
    return {};
  }
}

interface Work {
  readonly inputs: Readonly<Record<string, TensorSpec>>;
  readonly outputs: readonly TensorSpec[];
  readonly op: string;
  /** When measuring has to end. */
  readonly end: number;
}

/** The index of the kernel that runs fastest; 0 where time is too short to know. */
async function fastest(context: TuningContext, kernels: readonly Kernel[], work: Work): Promise<number> {
  const { device, memory, pipelines } = context;
  const bytes = (specs: readonly TensorSpec[]) => Math.max(16, ...specs.map(sizeBytes));
  const source = memory.create("tuning source", bytes(Object.values(work.inputs)), GPUBufferUsage.STORAGE);
  const targets = work.outputs.map((spec) => memory.create("tuning target", bytes([spec]), GPUBufferUsage.STORAGE));
  const buffers = [...Object.keys(work.inputs).map(() => source), ...targets];
  const late = () => performance.now() > work.end;
  try {
    const runs: ((times: number) => Promise<number>)[] = [];
    for (const { source: text, workgroups } of kernels) {
      const pipeline = await pipelines.get(work.op, text.text);
      const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
      const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
      runs.push((times) => timed(device, { pipeline, group, workgroups, times }));
      await runs.at(-1)!(1); // the first run allocates
      if (late()) return 0;
    }
    const times = Math.min(64, Math.ceil(LEAST_MS / (await runs[0]!(1))));
    const least = kernels.map(() => Number.POSITIVE_INFINITY);
    for (let round = 0; round < ROUNDS; round++) {
      for (const [i, run] of runs.entries()) {
        least[i] = Math.min(least[i]!, await run(times));
        if (late()) return 0;
      }
    }
    const best = least.indexOf(Math.min(...least));
    return least[best]! < BETTER * least[0]! ? best : 0;
  } finally {
    [source, ...targets].forEach(memory.free);
  }
}

interface Timed {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly workgroups: Kernel["workgroups"];
  readonly times: number;
}

/** Milliseconds of some dispatches one after another. */
async function timed(device: GPUDevice, { pipeline, group, workgroups, times }: Timed): Promise<number> {
  const begun = performance.now();
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  for (let i = 0; i < times; i++) pass.dispatchWorkgroups(...workgroups);
  pass.end();
  device.queue.submit([encoder.finish()]);
  await device.queue.onSubmittedWorkDone();
  return performance.now() - begun;
}
