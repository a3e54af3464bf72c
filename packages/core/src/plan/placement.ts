import type { Graph } from "../graph/graph.ts";
import type { OpTable } from "../op.ts";
import { opOf } from "../passes/rewrite.ts";
import { sizeBytes } from "../spec.ts";
import { type ArenaPlan, planArenas, type Step } from "./arenas.ts";
import { planStorage, type StoragePlan } from "./storage.ts";

const ALIGNMENT = 256;
/** Least bytes of anything that is bound. */
const LEAST_BYTES = 16;

/** A value with a buffer of its own. */
export interface OwnBuffer {
  readonly id: number;
  readonly kind: "input" | "constant" | "output";
  readonly label: string;
  readonly bytes: number;
}

/** Where the values of a graph will lie, before there is any buffer. */
export interface PlacementPlan {
  rootOf(id: number): number;
  readonly own: readonly OwnBuffer[];
  /** Outputs that are computed in the parameter they overwrite, with their roots. */
  readonly inPlace: readonly { readonly output: string; readonly root: number }[];
  /** Outputs that have to be copied onto their parameter. */
  readonly copied: readonly string[];
  readonly arenas: ArenaPlan;
  /** Nodes whose first output takes the place of an operand. */
  readonly overwrites: StoragePlan["overwritten"];
}

/** Parameters lie in their stores, inputs, constants and outputs alone, the rest in arenas of at most `maxBytes`. */
export function planPlacement(
  graph: Graph,
  ops: OpTable,
  overwritten: Iterable<string>,
  { maxBytes = Infinity }: { readonly maxBytes?: number } = {},
): PlacementPlan {
  const { roots, overwritten: overwrites } = planStorage(graph, ops);
  const rootOf = (id: number) => roots.get(id) ?? id;
  const placed = new Set(Object.values(graph.parameters));
  const own: OwnBuffer[] = [];
  const alone = (id: number, kind: OwnBuffer["kind"], label: string) => {
    own.push({ id, kind, label, bytes: Math.max(sizeBytes(graph.values[id]!), LEAST_BYTES) });
    placed.add(id);
  };
  for (const [name, id] of Object.entries(graph.inputs)) alone(id, "input", `input ${name}`);
  for (const id of graph.constants.keys()) alone(id, "constant", "constant");
  const read = new Set(graph.nodes.flatMap((node) => Object.values(node.inputs).map(rootOf)));
  const inPlace: { output: string; root: number }[] = [];
  const copied: string[] = [];
  for (const output of overwritten) {
    const root = rootOf(graph.outputs[output]!);
    // A value that other nodes read may lie in no store: the arena it would be in may be written by those nodes.
    if (placed.has(root) || read.has(root)) copied.push(output);
    else {
      inPlace.push({ output, root });
      placed.add(root);
    }
  }
  for (const [name, id] of Object.entries(graph.outputs)) {
    if (!placed.has(rootOf(id))) alone(rootOf(id), "output", `output ${name}`);
  }
  const arenas = planArenas(
    stepsOf(graph, ops, rootOf),
    (root) => (placed.has(root) ? undefined : Math.max(sizeBytes(graph.values[root]!), LEAST_BYTES)),
    { alignment: ALIGNMENT, maxBytes },
  );
  return { rootOf, own, inPlace, copied, arenas, overwrites };
}

function stepsOf(graph: Graph, ops: OpTable, rootOf: (id: number) => number): Step[] {
  return graph.nodes
    .filter((node) => !opOf(ops, node).view)
    .map((node) => ({ reads: Object.values(node.inputs).map(rootOf), writes: node.outputs.map(rootOf) }));
}
