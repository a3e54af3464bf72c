import { ShapeError } from "../../errors.ts";
import type { PrimitiveSet } from "../../graph/primitive-set.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { expectFloat, expectRank, lastDim } from "../../shape.ts";
import { formatSpec, type TensorSpec } from "../../spec.ts";

/** How heads lie in the last axis: contiguous slices of `headDim`, from an offset in a packed row on. */
export interface HeadAttrs {
  readonly heads: number;
  /** Width of a head, 1 to 128. */
  readonly headDim: number;
}

const MAX_HEAD_DIM = 128; // registers and workgroup memory of the kernels hold no wider head

/** Throws unless `spec` is a float [batch, tokens, width] that holds all heads from `offset` on. */
export function expectHeads(op: string, operand: string, spec: TensorSpec, attrs: HeadAttrs & { offset: number }) {
  const { heads, headDim, offset } = attrs;
  expectFloat(op, operand, spec);
  expectRank(op, operand, spec, 3);
  if (!Number.isInteger(headDim) || headDim < 1 || headDim > MAX_HEAD_DIM) {
    throw new ShapeError(`${op}: headDim must be 1 to ${MAX_HEAD_DIM}, got ${headDim}`);
  }
  if (!Number.isInteger(heads) || heads < 1) throw new ShapeError(`${op}: heads must be 1 or more, got ${heads}`);
  if (!Number.isInteger(offset) || offset < 0 || offset + heads * headDim > lastDim(spec)) {
    throw new ShapeError(
      `${op}: ${operand} ${formatSpec(spec)} does not hold ${heads} heads of ${headDim} from offset ${offset} on`,
    );
  }
}

/** Throws unless both have the same batch. */
export function expectSameBatch(op: string, operand: string, spec: TensorSpec, query: TensorSpec): void {
  if (spec.shape[0] !== query.shape[0]) {
    throw new ShapeError(`${op}: ${operand} ${formatSpec(spec)} must have the batch of ${formatSpec(query)}`);
  }
}

/** The heads of packed rows [batch, tokens, width] as f32 [batch, heads, tokens, headDim]. */
export function splitHeads(p: PrimitiveSet, x: Tensor, { heads, headDim }: HeadAttrs, offset = 0): Tensor {
  const [batch, tokens] = x.shape as readonly [number, number];
  const rows = p.slice(p.cast(x, "f32"), [0, 0, offset], [batch, tokens, heads * headDim]);
  return p.transpose(p.reshape(rows, [batch, tokens, heads, headDim]), [0, 2, 1, 3]);
}

/** [batch, heads, tokens, headDim] back to [batch, tokens, heads * headDim]. */
export function mergeHeads(p: PrimitiveSet, x: Tensor): Tensor {
  const [batch, heads, tokens, headDim] = x.shape as readonly [number, number, number, number];
  return p.reshape(p.transpose(x, [0, 2, 1, 3]), [batch, tokens, heads * headDim]);
}
