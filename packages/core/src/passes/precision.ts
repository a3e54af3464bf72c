import { cast } from "../graph/forward-primitives.ts";
import type { Graph } from "../graph/graph.ts";
import type { OpTable } from "../op.ts";
import { rewrite } from "./rewrite.ts";

/**
 * The same graph with f16 storage: f32 parameters for which `keep` is false become f16, inputs are cast on entry and
 * float outputs come back as f32. Kernels accumulate in f32 all the same.
 */
export function toHalfPrecision(graph: Graph, ops: OpTable, keep: (name: string) => boolean = () => false): Graph {
  return rewrite(graph, ops, {
    parameter: (name, spec) => (spec.dtype === "f32" && !keep(name) ? { ...spec, dtype: "f16" } : spec),
    input: (tensor) => (tensor.dtype === "f32" ? cast(tensor, "f16") : tensor),
    output: (tensor) => (tensor.dtype === "f16" ? cast(tensor, "f32") : tensor),
  });
}
