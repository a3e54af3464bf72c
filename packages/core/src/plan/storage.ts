import type { Graph } from "../graph/graph.ts";
import type { OpTable } from "../op.ts";
import { opOf } from "../passes/rewrite.ts";

/** The value whose storage each value uses: its own, that of the operand it views, or that of the operand it overwrites. */
export function storageRoots(graph: Graph, ops: OpTable): Map<number, number> {
  const roots = new Map<number, number>();
  const rootOf = (id: number) => roots.get(id) ?? id;
  for (const node of graph.nodes) {
    const op = opOf(ops, node);
    for (const [i, id] of node.outputs.entries()) {
      const shared = op.view ? op.inputs[0] : op.inPlace?.[i];
      roots.set(id, shared === undefined ? id : rootOf(node.inputs[shared]!));
    }
  }
  return roots;
}
