import { GraphError } from "../errors.ts";
import { apply } from "../graph/apply.ts";
import { type NodeRange, type Tape, type Tensor, tensorOf } from "../graph/tensor.ts";
import type { OpTable } from "../op.ts";
import { recomputeOp } from "../ops/recompute.ts";
import { opOf } from "../passes/rewrite.ts";

/**
 * The block with its intermediates not kept for the backward: `gradients` computes them again from the block's inputs
 * (Chen et al. 2016, arXiv 1604.06174). Results and gradients are the same; inside another checkpoint it changes nothing.
 */
export function checkpoint<I extends readonly Tensor[], R>(block: (...inputs: I) => R): (...inputs: I) => R {
  return (...inputs) => {
    const tape = inputs[0]?.tape;
    if (!tape) throw new GraphError("checkpoint: the block needs at least one tensor as input");
    const start = tape.nodes.length;
    const result = block(...inputs);
    tape.checkpoints.push({ start, end: tape.nodes.length });
    return result;
  };
}

export interface Piece extends NodeRange {
  readonly recompute: boolean;
}

/** The nodes of a tape in order, checkpointed blocks in one piece. */
export function piecesOf({ nodes, checkpoints }: Tape): Piece[] {
  const outermost = checkpoints.filter(
    (a) =>
      !checkpoints.some((b) => b !== a && b.start <= a.start && a.end <= b.end && b.end - b.start > a.end - a.start),
  );
  const pieces: Piece[] = [];
  let at = 0;
  for (const { start, end } of outermost.sort((a, b) => a.start - b.start)) {
    if (start > at) pieces.push({ start: at, end: start, recompute: false });
    if (end > start) pieces.push({ start, end, recompute: true });
    at = end;
  }
  return at < nodes.length ? [...pieces, { start: at, end: nodes.length, recompute: false }] : pieces;
}

/** Appends the nodes of a range once more. Returns what stands for each value that they read or write. */
export function computeAgain(tape: Tape, ops: OpTable, { start, end }: NodeRange): ReadonlyMap<number, Tensor> {
  const again = new Map<number, Tensor>();
  for (const node of tape.nodes.slice(start, end)) {
    for (const id of Object.values(node.inputs)) {
      if (!again.has(id)) again.set(id, apply(recomputeOp, { x: tensorOf(tape, id) }, {})[0]!);
    }
    const inputs = Object.fromEntries(Object.entries(node.inputs).map(([name, id]) => [name, again.get(id)!]));
    const results = apply(opOf(ops, node), inputs, node.attrs);
    for (const [i, id] of node.outputs.entries()) again.set(id, results[i]!);
  }
  return again;
}
