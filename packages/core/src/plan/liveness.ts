import type { Graph } from "../graph/graph.ts";

/** For each node, the intermediates that nothing after it reads. Inputs, parameters, constants and outputs are not listed. */
export function lastUses(graph: Graph): number[][] {
  const owner = new Map<number, number>();
  for (const [index, node] of graph.nodes.entries()) {
    for (const id of [...node.outputs, ...Object.values(node.inputs)]) owner.set(id, index);
  }
  const produced = new Set(graph.nodes.flatMap((node) => node.outputs));
  const outputs = new Set(Object.values(graph.outputs));
  const dying: number[][] = graph.nodes.map(() => []);
  for (const [id, index] of owner) if (produced.has(id) && !outputs.has(id)) dying[index]!.push(id);
  return dying;
}
