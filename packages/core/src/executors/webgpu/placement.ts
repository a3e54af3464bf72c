import type { Graph } from "../../graph/graph.ts";
import type { OpTable } from "../../op.ts";
import type { ArenaPlan } from "../../plan/arenas.ts";
import { type PlacementPlan, planPlacement } from "../../plan/placement.ts";
import type { Location } from "./dispatches.ts";
import { type BufferMemory, paddedBytes } from "./memory.ts";
import type { StoredParameter } from "./parameters.ts";

/** Where everything of a program lives, and the buffers that belong to the program. */
export interface PlacedGraph {
  locate(id: number): Location;
  readonly overwrites: PlacementPlan["overwrites"];
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

/** Gives each storage root its place in a buffer, as planned. */
export function placeGraph(graph: Graph, context: PlacementContext): PlacedGraph {
  const { device, memory, ops, parameters, overwritten } = context;
  const plan = planPlacement(graph, ops, overwritten.keys(), { maxBytes: device.limits.maxBufferSize });
  const { rootOf, own, inPlace, copied, arenas, overwrites } = plan;
  const places = new Map<number, Location>();
  const stored = (id: number, { buffer, offset }: StoredParameter) =>
    places.set(id, { kind: "buffer", buffer, offset });
  for (const [name, id] of Object.entries(graph.parameters)) stored(id, parameters.get(name)!);
  for (const { output, root } of inPlace) stored(root, overwritten.get(output)!);
  const names = new Map(Object.entries(graph.inputs).map(([name, id]) => [id, name]));
  const inputBuffers: Record<string, GPUBuffer> = {};
  const buffers: GPUBuffer[] = [];
  for (const { id, kind, label, bytes } of own) {
    const buffer = memory.create(label, bytes, usage());
    buffers.push(buffer);
    if (kind === "input") {
      const name = names.get(id)!;
      inputBuffers[name] = buffer;
      places.set(id, { kind: "input", name });
    } else {
      if (kind === "constant") device.queue.writeBuffer(buffer, 0, paddedBytes(graph.constants.get(id)!));
      places.set(id, { kind: "buffer", buffer, offset: 0 });
    }
  }
  const arenaBuffers = arenas.arenaBytes.map((bytes, i) => memory.create(`arena ${i}`, bytes, usage()));
  for (const [root, { arena, offset }] of arenas.placements) {
    places.set(root, { kind: "buffer", buffer: arenaBuffers[arena]!, offset });
  }
  return {
    locate: (id) => places.get(rootOf(id))!,
    overwrites,
    inputBuffers,
    buffers: [...buffers, ...arenaBuffers],
    arenas,
    copies: copied.map((output) => ({ from: graph.outputs[output]!, to: overwritten.get(output)! })),
  };
}

function usage(): GPUBufferUsageFlags {
  return GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
}
