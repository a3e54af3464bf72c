import type { Graph, Node } from "../graph/graph.ts";

/** Operands and results of a node, such as `x f32[257,192], weight f32[768,192] -> f32[257,768]`. */
export function nodeShapes({ inputs, outputs }: Node, { values }: Graph): string {
  const text = (id: number) => `${values[id]!.dtype}[${values[id]!.shape}]`;
  const operands = Object.entries(inputs).map(([name, id]) => `${name} ${text(id)}`);
  return `${operands.join(", ")} -> ${outputs.map(text).join(", ")}`;
}
