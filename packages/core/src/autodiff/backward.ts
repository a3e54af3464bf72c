import { GraphError } from "../errors.ts";
import type { Node } from "../graph/graph.ts";
import { primitives as p } from "../graph/primitives.ts";
import { type Tape, type Tensor, tensorOf } from "../graph/tensor.ts";
import type { AnyOp, OpTable } from "../op.ts";
import { opTable } from "../ops/index.ts";
import { opOf } from "../passes/rewrite.ts";
import { elementCount, formatSpec, isFloat } from "../spec.ts";

type Cotangents = Map<number, Tensor>;

/**
 * Appends the reverse pass of `loss` (one element) to its graph and returns the gradient of each tensor in `wrt`, of
 * that tensor's spec; zeros where the loss does not depend on it.
 */
export function gradients(loss: Tensor, wrt: readonly Tensor[]): Tensor[] {
  if (elementCount(loss.shape) !== 1)
    throw new GraphError(`gradients: the loss must be one number, got ${formatSpec(loss)}`);
  const cotangents: Cotangents = new Map([[loss.id, p.fill(loss, loss.shape, 1, loss.dtype)]]);
  const { tape } = loss;
  const needed = dependents(tape, wrt);
  walkBack(tape, { ops: opTable, start: 0, end: tape.nodes.length, cotangents, needed });
  return wrt.map((tensor) => cotangents.get(tensor.id) ?? p.fill(tensor, tensor.shape, 0, tensor.dtype));
}

interface Walk {
  readonly ops: OpTable;
  readonly start: number;
  readonly end: number;
  readonly cotangents: Cotangents;
  /** Values that depend on what is asked for: the others get no cotangent. */
  readonly needed: ReadonlySet<number>;
}

function walkBack(tape: Tape, walk: Walk): void {
  const nodes = tape.nodes.slice(walk.start, walk.end);
  for (const node of nodes.reverse()) {
    const grads = node.outputs.map((id) => walk.cotangents.get(id) ?? null);
    if (grads.every((grad) => grad === null)) continue;
    if (!node.outputs.some((id) => walk.needed.has(id))) continue;
    const op = opOf(walk.ops, node);
    if (op.kind === "fused" && !op.vjp) throughDefinition(tape, node, op, walk);
    else pullBack(tape, node, op, walk);
  }
}

function pullBack(tape: Tape, node: Node, op: AnyOp, { cotangents, needed }: Walk): void {
  const inputs = Object.fromEntries(Object.entries(node.inputs).map(([name, id]) => [name, tensorOf(tape, id)]));
  const outputs = node.outputs.map((id) => tensorOf(tape, id));
  const grads = node.outputs.map((id) => cotangents.get(id) ?? null);
  const results = op.vjp!(p, { inputs, outputs, grads }, node.attrs) as Readonly<Record<string, Tensor | null>>;
  for (const [name, id] of Object.entries(node.inputs)) {
    const grad = results[name];
    if (grad && needed.has(id) && isFloat(inputs[name]!.dtype)) accumulate(cotangents, inputs[name]!, grad, op.name);
  }
}

/** Recomputes the op by its primitives and differentiates those. */
function throughDefinition(tape: Tape, node: Node, op: AnyOp, walk: Walk): void {
  if (op.kind !== "fused") return;
  const inputs = Object.fromEntries(Object.entries(node.inputs).map(([name, id]) => [name, tensorOf(tape, id)]));
  const start = tape.nodes.length;
  const results = op.define(p, inputs, node.attrs);
  const end = tape.nodes.length;
  for (const [i, id] of node.outputs.entries()) {
    const grad = walk.cotangents.get(id);
    if (grad) walk.cotangents.set(results[i]!.id, grad);
  }
  const needed = dependents(
    tape,
    [...walk.needed].map((id) => tensorOf(tape, id)),
  );
  walkBack(tape, { ...walk, start, end, needed });
}

function accumulate(cotangents: Cotangents, operand: Tensor, grad: Tensor, op: string): void {
  if (formatSpec(grad) !== formatSpec(operand)) {
    throw new GraphError(`${op}: its vjp gave ${formatSpec(grad)} for an operand ${formatSpec(operand)}`);
  }
  const known = cotangents.get(operand.id);
  cotangents.set(operand.id, known ? p.add(known, grad) : grad);
}

function dependents(tape: Tape, roots: readonly Tensor[]): Set<number> {
  const needed = new Set(roots.map((tensor) => tensor.id));
  for (const node of tape.nodes) {
    if (Object.values(node.inputs).some((id) => needed.has(id))) for (const id of node.outputs) needed.add(id);
  }
  return needed;
}
