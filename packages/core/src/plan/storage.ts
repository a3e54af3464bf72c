import type { Graph, Node, ValueId } from "../graph/graph.ts";
import type { OpTable } from "../op.ts";
import { opOf } from "../passes/rewrite.ts";
import { formatSpec } from "../spec.ts";

/** Where values lie, and the nodes whose first output takes the place of an operand that nothing reads any more. */
export interface StoragePlan {
  readonly roots: ReadonlyMap<ValueId, ValueId>;
  readonly overwritten: ReadonlyMap<Node, string>;
}

/**
 * Lets first outputs take the place of operands that die with the node, where the op can (`overwrites`): residual sums
 * need no room of their own. What a graph is given, holds or returns is never overwritten.
 */
export function planStorage(graph: Graph, ops: OpTable): StoragePlan {
  const lastRead = new Map<ValueId, number>();
  for (const [at, node] of graph.nodes.entries()) for (const id of Object.values(node.inputs)) lastRead.set(id, at);
  const roots = new Map<ValueId, ValueId>();
  const rootOf = (id: ValueId) => roots.get(id) ?? id;
  const pinned = new Set<ValueId>([...graph.constants.keys(), ...Object.values(graph.inputs)]);
  for (const id of [...Object.values(graph.parameters), ...Object.values(graph.outputs)]) pinned.add(id);
  const dies = new Map<ValueId, number>(); // last read of any value that lies at a root
  const overwritten = new Map<Node, string>();
  for (const [at, node] of graph.nodes.entries()) {
    const op = opOf(ops, node);
    const operands = Object.values(node.inputs).map(rootOf);
    const free = op.overwrites?.find((name) => {
      const id = node.inputs[name];
      if (id === undefined || pinned.has(node.outputs[0]!)) return false;
      const root = rootOf(id);
      const same = formatSpec(graph.values[id]!) === formatSpec(graph.values[node.outputs[0]!]!);
      return (
        same && !pinned.has(root) && dies.get(root) === at && operands.filter((other) => other === root).length === 1
      );
    });
    if (free !== undefined) overwritten.set(node, free);
    for (const [i, id] of node.outputs.entries()) {
      const shared = i === 0 && free !== undefined ? free : op.view ? op.inputs[0] : op.inPlace?.[i];
      const root = shared === undefined ? id : rootOf(node.inputs[shared]!);
      roots.set(id, root);
      if (pinned.has(id)) pinned.add(root);
      dies.set(root, Math.max(dies.get(root) ?? at, lastRead.get(id) ?? at));
    }
  }
  return { roots, overwritten };
}
