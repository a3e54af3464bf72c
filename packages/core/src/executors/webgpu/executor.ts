import { DeviceError } from "../../errors.ts";
import type { CompileOptions, Executor, ParameterStore, Program } from "../../executor.ts";
import type { Graph } from "../../graph/graph.ts";
import type { AdapterFacts } from "../../op.ts";
import { opsOf } from "../../ops/ops-of.ts";
import { eliminateCommonSubexpressions } from "../../passes/cse.ts";
import { eliminateDeadCode } from "../../passes/dce.ts";
import { opOf } from "../../passes/rewrite.ts";
import { sizeBytes, type TensorSpec } from "../../spec.ts";
import { expectData } from "../check-inputs.ts";
import { storesOf } from "../stores.ts";
import { checked } from "./checked.ts";
import { adapterFacts, describeAdapter, requestDevice } from "./device.ts";
import { compileDispatch } from "./dispatches.ts";
import { type BufferMemory, bufferMemory, paddedBytes, recorded } from "./memory.ts";
import { overwritten, parametersOf } from "./parameter-checks.ts";
import { uploadParameters, type WebGpuParameterStore } from "./parameters.ts";
import { type PipelineCache, pipelineCache } from "./pipelines.ts";
import { placeGraph } from "./placement.ts";
import { createProgram } from "./program.ts";
import { type WebGpuTensor, webGpuTensor } from "./tensor.ts";
import type { KernelTuning, TuningContext, TuningOptions } from "./tuning.ts";

export interface WebGpuExecutorOptions {
  /** A device of the page's own, for instance the one that tfjs uses. Default: a new one from `gpu`. */
  readonly device?: GPUDevice;
  /** Default: `navigator.gpu`. In Node: `create([])` of the webgpu package. */
  readonly gpu?: GPU;
  /** Facts that replace what the adapter says: tests fold grids with small limits. */
  readonly facts?: Partial<AdapterFacts>;
  /** Measures, once for each adapter, which of several kernels is fastest. Default: none is measured. */
  readonly tuning?: TuningOptions;
}

export interface WebGpuExecutor extends Executor {
  readonly kind: "webgpu";
  readonly device: GPUDevice;
  readonly facts: AdapterFacts;
  /** A tensor over a buffer of someone else's on the same device: nothing is copied, nothing is freed. */
  wrap(spec: TensorSpec, buffer: GPUBuffer): WebGpuTensor;
}

interface Context {
  readonly device: GPUDevice;
  readonly facts: AdapterFacts;
  readonly memory: BufferMemory;
  readonly pipelines: PipelineCache;
  readonly tuning: KernelTuning | undefined;
}

/** Runs graphs on WebGPU. Throws a DeviceError where there is no adapter. */
export async function createWebGpuExecutor(options: WebGpuExecutorOptions = {}): Promise<WebGpuExecutor> {
  const { device, info, owned } = await openDevice(options);
  const facts = await withCpuKernels({ ...adapterFacts(device, info), ...options.facts });
  const memory = bufferMemory(device);
  const kernels = { device, facts, memory, pipelines: pipelineCache(device) };
  const context: Context = {
    ...kernels,
    tuning: options.tuning && (await tuningOf({ ...kernels, description: describeAdapter(info) }, options.tuning)),
  };
  const wrap = (spec: TensorSpec, buffer: GPUBuffer, dispose: () => void = () => undefined) =>
    webGpuTensor({ device, memory, spec, buffer, offset: 0, dispose });
  const dispose = () => {
    memory.freeAll();
    if (owned) device.destroy();
  };
  return {
    kind: "webgpu",
    device,
    facts,
    description: describeAdapter(info),
    supportsF16: facts.shaderF16,
    maxBufferBytes: Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize),
    reserve: (parameters) => uploadParameters(device, memory, parameters),
    upload: (tensors, uploading) => uploadParameters(device, memory, tensors, uploading),
    compile: (graph, parameters, compiling) => compile(context, graph, parameters, compiling),
    tensor(spec, data) {
      expectData("tensor", spec, data);
      const buffer = memory.create("tensor", sizeBytes(spec), storageUsage());
      device.queue.writeBuffer(buffer, 0, paddedBytes(data));
      return wrap(spec, buffer, () => memory.free(buffer));
    },
    wrap: (spec, buffer) => wrap(spec, buffer),
    memory: () => memory.count(),
    dispose,
    [Symbol.dispose]: dispose,
  };
}

/** Pages that have a GPU do not load them. */
async function withCpuKernels(facts: AdapterFacts): Promise<AdapterFacts> {
  if (!facts.isCpu) return facts;
  const { cpuKernels } = await import("../../ops/cpu-kernels.ts");
  return { ...facts, cpu: cpuKernels };
}

/** Pages that measure nothing do not load it. */
async function tuningOf(context: TuningContext, options: TuningOptions): Promise<KernelTuning> {
  const { openTuning } = await import("./tuning.ts");
  return openTuning(context, options);
}

async function openDevice({ device, gpu }: WebGpuExecutorOptions) {
  if (device) return { device, info: device.adapterInfo, owned: false };
  const source = gpu ?? globalThis.navigator?.gpu;
  if (!source) throw new DeviceError("WebGPU: not available here (no navigator.gpu); use the tfjs executor");
  const adapter = await source.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new DeviceError("WebGPU: no adapter found; use the tfjs executor");
  return { device: await requestDevice(adapter), info: adapter.info, owned: true };
}

async function compile(
  context: Context,
  traced: Graph,
  stores: ParameterStore | readonly ParameterStore[] = [],
  { into = {} }: CompileOptions = {},
): Promise<Program> {
  const { device, memory, pipelines, tuning } = context;
  const ops = await opsOf(traced);
  const graph = eliminateDeadCode(eliminateCommonSubexpressions(traced, ops), ops);
  const parameters = parametersOf(graph, storesOf(stores) as readonly WebGpuParameterStore[]);
  const made: GPUBuffer[] = [];
  const place = { device, ops, parameters, overwritten: overwritten(graph, parameters, into) };
  try {
    const placed = await checked(device, "compile", () =>
      placeGraph(graph, { ...place, memory: recorded(memory, made) }),
    );
    const kernels = graph.nodes.filter((node) => !opOf(ops, node).view);
    const facts = (await tuning?.factsFor(kernels, graph, ops)) ?? context.facts;
    const maxBindingBytes = device.limits.maxStorageBufferBindingSize;
    const dispatches = await Promise.all(
      kernels.map((node) =>
        compileDispatch(node, {
          graph,
          ops,
          facts,
          pipelines,
          maxBindingBytes,
          overwrites: placed.overwrites,
          locate: placed.locate,
        }),
      ),
    );
    const flopsPerSubmit = facts.isCpu ? 4e9 : 2e11;
    return await checked(device, "compile", () =>
      createProgram({ ...context, traced, graph, placed, dispatches, into, flopsPerSubmit }),
    );
  } catch (error) {
    made.forEach(memory.free);
    throw error;
  }
}

function storageUsage(): GPUBufferUsageFlags {
  return GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
}
