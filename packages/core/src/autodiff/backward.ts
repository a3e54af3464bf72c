import { GraphError } from "../errors.ts";
import type { Node } from "../graph/graph.ts";
import { primitives as p } from "../graph/primitives.ts";
import { type Tape, type Tensor, tensorOf } from "../graph/tensor.ts";
import type { AnyOp } from "../op.ts";
import { opTable } from "../ops/index.ts";
import { type AnyVjp, vjps } from "../ops/vjps.ts";
import { opOf } from "../passes/rewrite.ts";
import { elementCount, formatSpec, isFloat } from "../spec.ts";
import { computeAgain, piecesOf } from "./checkpoint.ts";

type Cotangents = Map<number, Tensor>;

/**
 * Appends the reverse pass of `loss` (one element) to its graph and returns the gradient of each tensor in `wrt`, of
 * that tensor's spec; zeros where the loss does not depend on it.
 */
export function gradients(loss: Tensor, wrt: readonly Tensor[]): Tensor[] {
  if (elementCount(loss.shape) !== 1)
    throw new GraphError(`gradients: the loss must be one number, got ${formatSpec(loss)}`);
  const { tape } = loss;
  const foreign = wrt.findIndex((tensor) => tensor.tape !== tape);
  if (foreign >= 0) throw new GraphError(`gradients: tensor ${foreign} of wrt belongs to another graph than the loss`);
  const pieces = piecesOf(tape);
  const needed = dependents(
    tape.nodes,
    wrt.map(({ id }) => id),
  );
  const cotangents: Cotangents = new Map([[loss.id, p.fill(loss, loss.shape, 1, loss.dtype)]]);
  for (const piece of pieces.reverse()) {
    const nodes = tape.nodes.slice(piece.start, piece.end);
    const walk = { tape, nodes, cotangents, needed };
    const again = piece.recompute && nodes.some((node) => flowsInto(node, walk));
    walkBack(again ? { ...walk, again: computeAgain(tape, opTable, piece) } : walk);
  }
  return wrt.map((tensor) => cotangents.get(tensor.id) ?? p.fill(tensor, tensor.shape, 0, tensor.dtype));
}

interface Walk {
  readonly tape: Tape;
  readonly nodes: readonly Node[];
  readonly cotangents: Cotangents;
  /** Values that depend on what is asked for: the others get no cotangent. */
  readonly needed: ReadonlySet<number>;
  /** What the vjps read in place of the nodes' own values. */
  readonly again?: ReadonlyMap<number, Tensor>;
}

function walkBack(walk: Walk): void {
  for (const node of [...walk.nodes].reverse()) {
    if (!flowsInto(node, walk)) continue;
    const op = opOf(opTable, node);
    const vjp = vjps[op.name] ?? op.vjp;
    if (vjp === "later") throw new GraphError(`gradients: ops/vjps.ts has no gradient of ${op.name}`);
    if (vjp) pullBack(node, vjp, walk);
    else throughDefinition(node, op, walk);
  }
}

function flowsInto({ outputs }: Node, { cotangents, needed }: Walk): boolean {
  return outputs.some((id) => cotangents.has(id)) && outputs.some((id) => needed.has(id));
}

function tensorAt(id: number, { tape, again }: Walk): Tensor {
  return again?.get(id) ?? tensorOf(tape, id);
}

function operandsOf(node: Node, walk: Walk): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(node.inputs).map(([name, id]) => [name, tensorAt(id, walk)]));
}

function pullBack(node: Node, vjp: AnyVjp, walk: Walk): void {
  const inputs = operandsOf(node, walk);
  const outputs = node.outputs.map((id) => tensorAt(id, walk));
  const grads = node.outputs.map((id) => walk.cotangents.get(id) ?? null);
  const results = vjp(p, { inputs, outputs, grads }, node.attrs);
  for (const [name, id] of Object.entries(node.inputs)) accumulate(walk, id, results[name], node.op);
}

/** Computes the op again by its primitives and differentiates those. */
function throughDefinition(node: Node, op: AnyOp, walk: Walk): void {
  if (op.kind !== "fused") return;
  const { tape } = walk;
  const inputs = operandsOf(node, walk);
  const start = tape.nodes.length;
  const results = op.define(p, inputs, node.attrs);
  const nodes = tape.nodes.slice(start);
  const cotangents: Cotangents = new Map();
  for (const [i, id] of node.outputs.entries()) {
    const grad = walk.cotangents.get(id);
    const known = cotangents.get(results[i]!.id);
    if (grad) cotangents.set(results[i]!.id, known ? p.add(known, grad) : grad);
  }
  const wanted = Object.entries(node.inputs).filter(([, id]) => walk.needed.has(id));
  const needed = dependents(
    nodes,
    wanted.map(([name]) => inputs[name]!.id),
  );
  walkBack({ tape, nodes, cotangents, needed });
  const own = new Map(wanted.map(([name, id]) => [id, inputs[name]!.id])); // an operand may be given twice
  for (const [id, inner] of own) accumulate(walk, id, cotangents.get(inner), op.name);
}

function accumulate({ tape, cotangents, needed }: Walk, id: number, grad: Tensor | null | undefined, op: string): void {
  const operand = tensorOf(tape, id);
  if (!grad || !needed.has(id) || !isFloat(operand.dtype)) return;
  if (formatSpec(grad) !== formatSpec(operand)) {
    throw new GraphError(`${op}: its vjp gave ${formatSpec(grad)} for an operand ${formatSpec(operand)}`);
  }
  const known = cotangents.get(id);
  cotangents.set(id, known ? p.add(known, grad) : grad);
}

function dependents(nodes: readonly Node[], roots: readonly number[]): Set<number> {
  const needed = new Set(roots);
  for (const node of nodes) {
    if (Object.values(node.inputs).some((id) => needed.has(id))) for (const id of node.outputs) needed.add(id);
  }
  return needed;
}
