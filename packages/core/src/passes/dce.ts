import type { Graph, Node } from "../graph/graph.ts";
import type { OpTable } from "../op.ts";
import { opOf } from "./rewrite.ts";

/** Drops the nodes that no output needs; nodes with an effect stay. */
export function eliminateDeadCode(graph: Graph, ops: OpTable): Graph {
  const needed = new Set<number>(Object.values(graph.outputs));
  const kept: Node[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (!opOf(ops, node).effect && !node.outputs.some((id) => needed.has(id))) continue;
    kept.push(node);
    for (const id of Object.values(node.inputs)) needed.add(id);
  }
  return { ...graph, nodes: kept.reverse() };
}
