import type { Graph } from "../../graph/graph.ts";
import type { OpTable } from "../../op.ts";
import { opOf } from "../../passes/rewrite.ts";
import { type ArenaPlan, planArenas, type Step } from "../../plan/arenas.ts";
import { storageRoots } from "../../plan/storage.ts";
import { sizeBytes, type TensorSpec } from "../../spec.ts";
import type { Location } from "./dispatches.ts";
import { type BufferMemory, paddedBytes } from "./memory.ts";
import type { StoredParameter } from "./parameters.ts";

const ALIGNMENT = 256;

/** Where everything of a program lives, and the buffers that belong to the program. */
export interface PlacedGraph {
  locate(id: number): Location;
  readonly inputBuffers: Readonly<Record<string, GPUBuffer>>;
  readonly buffers: readonly GPUBuffer[];
  readonly arenas: ArenaPlan;
  /** Outputs that could not be computed in the parameter they overwrite; copied there at the end of a run. */
  readonly copies: readonly { readonly from: number; readonly to: StoredParameter }[];
}

export interface PlacementContext {
  readonly device: GPUDevice;
  readonly memory: BufferMemory;
  readonly ops: OpTable;
  readonly parameters: ReadonlyMap<string, StoredParameter>;
  /** Outputs that are written over parameters. */
  readonly overwritten: ReadonlyMap<string, StoredParameter>;
}

/** Gives each storage root a place: parameters in their store, inputs, constants and outputs alone, the rest in arenas. */
export function placeGraph(graph: Graph, context: PlacementContext): PlacedGraph {
  const { device, memory, ops, parameters, overwritten } = context;
  const roots = storageRoots(graph, ops);
  const rootOf = (id: number) => roots.get(id) ?? id;
  const places = new Map<number, Location>();
  const buffers: GPUBuffer[] = [];
  const own = (label: string, spec: TensorSpec): GPUBuffer => {
    const buffer = memory.create(label, sizeBytes(spec), usage());
    buffers.push(buffer);
    return buffer;
  };
  for (const [name, id] of Object.entries(graph.parameters)) {
    const { buffer, offset } = parameters.get(name)!;
    places.set(id, { kind: "buffer", buffer, offset });
  }
  const inputBuffers: Record<string, GPUBuffer> = {};
  for (const [name, id] of Object.entries(graph.inputs)) {
    inputBuffers[name] = own(`input ${name}`, graph.values[id]!);
    places.set(id, { kind: "input", name });
  }
  for (const [id, data] of graph.constants) {
    const buffer = own("constant", graph.values[id]!);
    device.queue.writeBuffer(buffer, 0, paddedBytes(data));
    places.set(id, { kind: "buffer", buffer, offset: 0 });
  }
  const copies: { from: number; to: StoredParameter }[] = [];
  const read = new Set(graph.nodes.flatMap((node) => Object.values(node.inputs).map(rootOf)));
  for (const [name, to] of overwritten) {
    const root = rootOf(graph.outputs[name]!);
    // A value that other nodes read may lie in no store: the arena it would be in may be written by those nodes.
    if (places.has(root) || read.has(root)) copies.push({ from: graph.outputs[name]!, to });
    else places.set(root, { kind: "buffer", buffer: to.buffer, offset: to.offset });
  }
  for (const [name, id] of Object.entries(graph.outputs)) {
    const root = rootOf(id);
    if (!places.has(root))
      places.set(root, { kind: "buffer", buffer: own(`output ${name}`, graph.values[root]!), offset: 0 });
  }
  const arenas = planArenas(
    stepsOf(graph, ops, rootOf),
    (root) => (places.has(root) ? undefined : Math.max(sizeBytes(graph.values[root]!), 16)),
    ALIGNMENT,
  );
  const arenaBuffers = arenas.arenaBytes.map((bytes, i) => memory.create(`arena ${i}`, bytes, usage()));
  for (const [root, { arena, offset }] of arenas.placements) {
    places.set(root, { kind: "buffer", buffer: arenaBuffers[arena]!, offset });
  }
  return {
    locate: (id) => places.get(rootOf(id))!,
    inputBuffers,
    buffers: [...buffers, ...arenaBuffers],
    arenas,
    copies,
  };
}

function stepsOf(graph: Graph, ops: OpTable, rootOf: (id: number) => number): Step[] {
  return graph.nodes
    .filter((node) => !opOf(ops, node).view)
    .map((node) => ({ reads: Object.values(node.inputs).map(rootOf), writes: node.outputs.map(rootOf) }));
}

function usage(): GPUBufferUsageFlags {
  return GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
}
