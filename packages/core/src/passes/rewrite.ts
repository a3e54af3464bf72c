import { GraphError } from "../errors.ts";
import { apply } from "../graph/apply.ts";
import type { Graph, Node } from "../graph/graph.ts";
import { type Tape, type Tensor, tensorOf } from "../graph/tensor.ts";
import type { AnyOp, OpTable } from "../op.ts";
import type { TensorSpec } from "../spec.ts";

export interface RewriteStep {
  readonly node: Node;
  readonly op: AnyOp;
  readonly inputs: Readonly<Record<string, Tensor>>;
}

export interface Rewrite {
  /** What stands for the node in the new graph; null keeps the node. */
  readonly node?: (step: RewriteStep) => readonly Tensor[] | null;
  /** The spec a parameter gets; default: its own. */
  readonly parameter?: (name: string, spec: TensorSpec) => TensorSpec;
  /** What stands for an input from its first use on. */
  readonly input?: (tensor: Tensor) => Tensor;
  readonly output?: (tensor: Tensor) => Tensor;
}

/** A new graph made by walking the old one: the frame of the passes. */
export function rewrite(graph: Graph, ops: OpTable, rules: Rewrite): Graph {
  const tape: Tape = { values: [], nodes: [], inputs: {}, parameters: {}, constants: new Map(), checkpoints: [] };
  const mapped = new Map<number, Tensor>();
  const source = (id: number, spec: TensorSpec): Tensor => {
    const tensor = tensorOf(tape, tape.values.push(spec) - 1);
    mapped.set(id, tensor);
    return tensor;
  };
  for (const [name, id] of Object.entries(graph.parameters)) {
    const spec = graph.values[id]!;
    tape.parameters[name] = source(id, rules.parameter?.(name, spec) ?? spec).id;
  }
  for (const [id, data] of graph.constants) tape.constants.set(source(id, graph.values[id]!).id, data);
  for (const [name, id] of Object.entries(graph.inputs)) {
    const tensor = source(id, graph.values[id]!);
    tape.inputs[name] = tensor.id;
    if (rules.input) mapped.set(id, rules.input(tensor));
  }
  for (const node of graph.nodes) {
    const inputs = Object.fromEntries(Object.entries(node.inputs).map(([name, id]) => [name, mapped.get(id)!]));
    const op = opOf(ops, node);
    const results = rules.node?.({ node, op, inputs }) ?? apply(op, inputs, node.attrs);
    for (const [i, id] of node.outputs.entries()) mapped.set(id, results[i]!);
  }
  const outputs: Record<string, number> = {};
  for (const [name, id] of Object.entries(graph.outputs)) {
    const tensor = mapped.get(id)!;
    outputs[name] = (rules.output?.(tensor) ?? tensor).id;
  }
  const { checkpoints: _onlyForGradients, ...rewritten } = tape;
  return { ...rewritten, outputs };
}

export function opOf(ops: OpTable, node: Node): AnyOp {
  const op = ops[node.op];
  if (!op) throw new GraphError(`graph: no op is called ${node.op}`);
  return op;
}
