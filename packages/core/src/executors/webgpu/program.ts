import { GraphError } from "../../errors.ts";
import type { DeviceTensor, Program, ProgramInputs, RunOptions } from "../../executor.ts";
import type { Graph } from "../../graph/graph.ts";
import { submitPace } from "../../plan/submits.ts";
import { sizeBytes } from "../../spec.ts";
import { expectInputs, isParts } from "../check-inputs.ts";
import { serialQueue } from "../serial-queue.ts";
import { bindGroups } from "./bind-groups.ts";
import { checked } from "./checked.ts";
import type { Dispatch } from "./dispatches.ts";
import { type BufferMemory, paddedBytes, recorded } from "./memory.ts";
import { copyParts, copyRows } from "./parts.ts";
import type { PlacedGraph } from "./placement.ts";
import { stagingArea } from "./staging.ts";
import { isWebGpuTensor, type WebGpuTensor, webGpuTensor } from "./tensor.ts";

export interface ProgramParts {
  readonly device: GPUDevice;
  readonly memory: BufferMemory;
  /** As the caller traced it. */
  readonly traced: Graph;
  /** As it runs. */
  readonly graph: Graph;
  readonly placed: PlacedGraph;
  readonly dispatches: readonly Dispatch[];
  /** Outputs that are written over parameters: not read unless asked for. */
  readonly into: Readonly<Record<string, string>>;
  /** Most FLOPs per submit at first, until runs tell how fast the device is: longer ones make the page stutter, and browsers end GPU work after about 10 s. */
  readonly flopsPerSubmit: number;
}

/** A planned and compiled graph: a run encodes the same dispatches again and makes no GPU object but command buffers. */
export function createProgram(parts: ProgramParts): Program {
  const { device, memory, graph, placed, dispatches } = parts;
  const pace = submitPace(
    dispatches.map(({ cost }) => cost.flops),
    parts.flopsPerSubmit,
  );
  const groups = bindGroups(device, dispatches, placed.inputBuffers);
  const staging = stagingArea(memory);
  const enqueue = serialQueue();
  let lastInputs: Readonly<Record<string, WebGpuTensor>> = {};
  let disposed = false;
  const readable = Object.keys(graph.outputs).filter((name) => !(name in parts.into));

  const locateOutput = (name: string) => {
    const id = graph.outputs[name];
    if (id === undefined)
      throw new GraphError(`output ${name}: the graph gives ${Object.keys(graph.outputs).join(", ")}`);
    return locate(id);
  };

  const locate = (id: number) => {
    const place = placed.locate(id);
    const spec = graph.values[id]!;
    if (place.kind === "buffer") return { spec, buffer: place.buffer, offset: place.offset };
    const given = lastInputs[place.name]; // an output that is an input as it came
    return { spec, buffer: given?.buffer ?? placed.inputBuffers[place.name]!, offset: given?.offset ?? 0 };
  };

  const overwrite = () => {
    if (placed.copies.length === 0) return;
    const encoder = device.createCommandEncoder();
    for (const { from, to } of placed.copies) {
      const { buffer, offset } = locate(from);
      encoder.copyBufferToBuffer(buffer, offset, to.buffer, to.offset, sizeBytes(to.spec));
    }
    device.queue.submit([encoder.finish()]);
  };

  const submit = (external: Readonly<Record<string, WebGpuTensor>>, signal: AbortSignal | undefined) => {
    let start = 0;
    for (const end of pace.ends()) {
      signal?.throwIfAborted();
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      let set: GPUComputePipeline | undefined;
      for (let i = start; i < end; i++) {
        const { pipeline, workgroups } = dispatches[i]!;
        if (pipeline !== set) pass.setPipeline(pipeline);
        set = pipeline;
        pass.setBindGroup(0, groups.of(i, external));
        const [x, y] = workgroups; // the grids are flat
        if (y === 1) pass.dispatchWorkgroups(x);
        else pass.dispatchWorkgroups(x, y);
      }
      pass.end();
      device.queue.submit([encoder.finish()]);
      start = end;
    }
  };

  const bringIn = (name: string, value: ProgramInputs[string]) => {
    const own = placed.inputBuffers[name]!;
    if (ArrayBuffer.isView(value)) device.queue.writeBuffer(own, 0, paddedBytes(value));
    else if (isParts(value))
      copyParts(
        device,
        value.map((part) => external(name, part)),
        own,
      );
  };

  const run = async (inputs: ProgramInputs, { read, signal }: RunOptions) => {
    if (disposed) throw new GraphError("run: the program is disposed");
    signal?.throwIfAborted();
    expectInputs(graph, inputs);
    lastInputs = externalInputs(inputs);
    const wanted = (read ?? readable).map((name) => [name, locateOutput(name)] as const);
    const begun = performance.now();
    const results = await checked(device, "run", () => {
      for (const [name, value] of Object.entries(inputs)) bringIn(name, value);
      submit(lastInputs, signal);
      overwrite();
      return staging.read(device, wanted);
    });
    pace.learn(performance.now() - begun);
    return Object.fromEntries(results);
  };

  const rows = async (inputs: ProgramInputs, options: RunOptions) => {
    await run(inputs, { ...options, read: [] });
    const places = new Map(readable.map((name) => [name, locateOutput(name)]));
    const made: GPUBuffer[] = [];
    try {
      return await checked(device, "rows", () => copyRows(device, recorded(memory, made), places));
    } catch (error) {
      made.forEach(memory.free);
      throw error;
    }
  };

  const profile = async (inputs: ProgramInputs) => {
    await run(inputs, { read: [] });
    const { profileDispatches } = await import("./profile.ts"); // pages that profile nothing do not load it
    return profileDispatches(parts, (index) => groups.of(index, lastInputs));
  };

  const dispose = () => {
    disposed = true;
    placed.buffers.forEach(memory.free);
    staging.dispose();
    groups.clear();
  };
  return {
    graph: parts.traced,
    dispatchCount: dispatches.length,
    run: (inputs, options = {}) => enqueue(() => run(inputs, options)),
    rows: (inputs, options = {}) => enqueue(() => rows(inputs, options)),
    profile: (inputs) => enqueue(() => profile(inputs)),
    output: (name) => webGpuTensor({ device, memory, ...locateOutput(name), dispose: () => undefined }),
    dispose,
    [Symbol.dispose]: dispose,
  };
}

function externalInputs(inputs: ProgramInputs): Record<string, WebGpuTensor> {
  const given: Record<string, WebGpuTensor> = {};
  for (const [name, value] of Object.entries(inputs)) {
    if (!ArrayBuffer.isView(value) && !isParts(value)) given[name] = external(name, value);
  }
  return given;
}

function external(name: string, value: DeviceTensor): WebGpuTensor {
  if (!isWebGpuTensor(value)) throw new GraphError(`run: input ${name} lives on another executor; read it first`);
  if (value.buffer.size - value.offset < sizeBytes(value))
    throw new GraphError(`run: input ${name}: its buffer is too small`);
  return value;
}
