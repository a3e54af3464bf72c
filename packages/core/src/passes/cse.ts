import type { Graph, Node } from "../graph/graph.ts";
import type { OpTable } from "../op.ts";
import { opOf } from "./rewrite.ts";

/** Computes equal nodes once: same op, attributes and operands. */
export function eliminateCommonSubexpressions(graph: Graph, ops: OpTable): Graph {
  const replaced = new Map<number, number>();
  const current = (id: number) => replaced.get(id) ?? id;
  const known = new Map<string, Node>();
  const nodes: Node[] = [];
  for (const node of graph.nodes) {
    const inputs = Object.fromEntries(Object.entries(node.inputs).map(([name, id]) => [name, current(id)]));
    const renamed = { ...node, inputs };
    const key = JSON.stringify([node.op, inputs, node.attrs]);
    const twin = opOf(ops, node).effect ? undefined : known.get(key);
    if (twin) {
      for (const [i, id] of node.outputs.entries()) replaced.set(id, twin.outputs[i]!);
      continue;
    }
    known.set(key, renamed);
    nodes.push(renamed);
  }
  const outputs = Object.fromEntries(Object.entries(graph.outputs).map(([name, id]) => [name, current(id)]));
  return { ...graph, nodes, outputs };
}
