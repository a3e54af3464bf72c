import { createWebGpuExecutor, type Executor, type Graph, type NamedTensor, type WebGpuExecutor } from "@albef/core";
import { create, globals } from "webgpu";
import type { Facts } from "../report/goals.ts";
import { vitGraph } from "../workloads/forward.ts";
import { configOf } from "../workloads/sizes.ts";
import { vitTrainingGraph } from "../workloads/training.ts";
import type { Shape } from "../workloads/workload.ts";
import { livenessBound, plannedBytes } from "./liveness.ts";
import { spreadOf } from "./statistics.ts";

const WARM_UPS = 30;
const REPLAYS = 300;

/** What Dawn's null backend tells: how much our own code does on the host, and what it plans. */
export async function hostFacts(): Promise<Omit<Facts, "bundleKb">> {
  Object.assign(globalThis, globals);
  const gpu = create(["backend=null"]); // held: Dawn crashes once its GPU object is collected
  const executor = await createWebGpuExecutor({ gpu });
  const shape: Shape = { config: configOf("base", 256), batch: 1, length: 1 };
  const hostMs = await replayMs(executor, shape);
  const shorter = { ...shape.config, vision: { ...shape.config.vision, numLayers: shape.config.vision.numLayers - 1 } };
  const dispatchesPerBlock =
    (await dispatchesOf(executor, shape)) - (await dispatchesOf(executor, { ...shape, config: shorter }));
  const memoryRatio = Math.max(
    await memoryRatioOf(executor, vitGraph(shape)),
    await memoryRatioOf(executor, vitTrainingGraph({ ...shape, config: configOf("small", 256) }).graph),
  );
  executor.dispose();
  return { hostMs, dispatchesPerBlock, memoryRatio };
}

function* zeros({ parameters, values }: Graph): Generator<NamedTensor> {
  for (const [name, id] of Object.entries(parameters)) {
    const { shape } = values[id]!;
    yield { name, dtype: "f32", shape, data: new Float32Array(shape.reduce((product, extent) => product * extent, 1)) };
  }
}

/** Median time of a run whose input lies on the device and whose output stays there. */
async function replayMs(executor: Executor, shape: Shape): Promise<number> {
  const graph = vitGraph(shape);
  using store = await executor.upload(zeros(graph));
  using program = await executor.compile(graph, store);
  const spec = graph.values[graph.inputs.image!]!;
  using image = executor.tensor(spec, new Float32Array(spec.shape.reduce((product, extent) => product * extent, 1)));
  const times: number[] = [];
  for (let i = 0; i < WARM_UPS + REPLAYS; i++) {
    const started = performance.now();
    await program.run({ image }, { read: [] });
    if (i >= WARM_UPS) times.push(performance.now() - started);
  }
  return spreadOf(times).median;
}

/** Planned bytes of intermediates over the least that they need. */
async function memoryRatioOf(executor: WebGpuExecutor, graph: Graph): Promise<number> {
  using store = await executor.upload(zeros(graph));
  return (await plannedBytes(executor, graph, store)) / livenessBound(graph);
}

async function dispatchesOf(executor: Executor, shape: Shape): Promise<number> {
  const graph = vitGraph(shape);
  using store = await executor.upload(zeros(graph));
  using program = await executor.compile(graph, store);
  return program.dispatchCount;
}
