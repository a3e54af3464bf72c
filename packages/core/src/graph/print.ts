import { formatSpec } from "../spec.ts";
import type { Graph, Node } from "./graph.ts";

/** A graph as text, one line a node, for bug reports and goldens. */
export function printGraph(graph: Graph): string {
  const names = new Map<number, string>();
  for (const [kind, table] of [
    ["input", graph.inputs],
    ["parameter", graph.parameters],
  ] as const) {
    for (const [name, id] of Object.entries(table)) names.set(id, `${kind}:${name}`);
  }
  const nameOf = (id: number) => names.get(id) ?? (graph.constants.has(id) ? `constant:${id}` : `%${id}`);
  const line = (node: Node) => {
    const operands = Object.entries(node.inputs).map(([name, id]) => `${name}=${nameOf(id)}`);
    const attrs = Object.entries(node.attrs).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
    const results = node.outputs.map((id) => `%${id}:${formatSpec(graph.values[id]!)}`).join(", ");
    return `${results} = ${node.op}(${operands.join(", ")})${attrs.length > 0 ? ` {${attrs.join(", ")}}` : ""}`;
  };
  const outputs = Object.entries(graph.outputs).map(([name, id]) => `${name}=${nameOf(id)}`);
  return [...graph.nodes.map(line), `return ${outputs.join(", ")}`].join("\n");
}
