import type { Graph } from "../graph/graph.ts";
import { primitives } from "../graph/primitives.ts";
import type { AnyOp, OpTable } from "../op.ts";
import { rewrite } from "./rewrite.ts";

/** Replaces fused ops by their definitions in primitives, except those that `keep` knows how to run. */
export function expand(graph: Graph, ops: OpTable, keep: (op: AnyOp) => boolean = () => false): Graph {
  return rewrite(graph, ops, {
    node: ({ node, op, inputs }) =>
      op.kind === "fused" && !keep(op) ? op.define(primitives, inputs, node.attrs) : null,
  });
}
