import type { Graph, Node } from "../graph/graph.ts";
import type { OpTable } from "../op.ts";
import { opsOf } from "../ops/ops-of.ts";
import { elementCount, sizeBytes } from "../spec.ts";

/** What a node asks of a device, whatever kernel computes it. */
export interface NodeCost {
  readonly op: string;
  /** Floating-point operations. */
  readonly flops: number;
  /** Bytes of all operands and results, each counted once: the least that memory must move. */
  readonly bytes: number;
}

/** The costs of a graph's nodes in their order; views, which cost nothing, are left out. */
export async function graphCosts(graph: Graph): Promise<NodeCost[]> {
  const ops = await opsOf(graph);
  return graph.nodes.filter((node) => !ops[node.op]!.view).map((node) => nodeCost(node, graph, ops));
}

/** Specs of a node's operands, by name, and of its results. */
export function nodeSpecs(node: Node, { values }: Graph) {
  const inputs = Object.fromEntries(Object.entries(node.inputs).map(([name, id]) => [name, values[id]!]));
  return { inputs, outputs: node.outputs.map((id) => values[id]!) };
}

export function nodeCost(node: Node, graph: Graph, ops: OpTable): NodeCost {
  const specs = nodeSpecs(node, graph);
  const distinct = new Set([...Object.values(node.inputs), ...node.outputs]); // packed rows are one operand
  return {
    op: node.op,
    flops:
      ops[node.op]!.flops?.(specs, node.attrs) ??
      specs.outputs.reduce((sum, { shape }) => sum + elementCount(shape), 0),
    bytes: [...distinct].reduce((sum, id) => sum + sizeBytes(graph.values[id]!), 0),
  };
}
