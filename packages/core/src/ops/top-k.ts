import { ShapeError } from "../errors.ts";
import { apply } from "../graph/apply.ts";
import { add, fill, gather, iota, mul, reshape } from "../graph/forward-primitives.ts";
import type { Tensor } from "../graph/tensor.ts";
import { definePrimitive } from "../op.ts";
import { expectFloat, expectRank } from "../shape.ts";
import { elementCount, formatSpec } from "../spec.ts";
import { type TopKAttrs, topKKernel } from "./top-k.wgsl.ts";

const MAX_K = 1024; // the sort in workgroup memory holds no more

/**
 * The k largest of each segment of x [rows, n], with their indices in the row: values [rows, segments * k] and i32
 * indices. Of equal values the higher index comes first; NaN counts as largest, as in torch.topk.
 */
export const topKOp = definePrimitive<"x", never, TopKAttrs>({
  name: "topK",
  inputs: ["x"],
  infer({ x }, { k, segments }) {
    expectFloat("topK", "x", x);
    expectRank("topK", "x", x, 2);
    const [rows, n] = x.shape as readonly [number, number];
    if (!Number.isInteger(k) || k < 1 || k > MAX_K || k > Math.floor(n / segments)) {
      const most = Math.min(MAX_K, Math.floor(n / segments));
      throw new ShapeError(`topK: k must be 1 to ${most} for x ${formatSpec(x)}, got ${k}`);
    }
    return [
      { dtype: x.dtype, shape: [rows, segments * k] },
      { dtype: "i32", shape: [rows, segments * k] },
    ];
  },
  vjp: "later",
  flops: ({ inputs }) => 5 * elementCount(inputs.x.shape),
  lower: ({ inputs, outputs }, attrs, adapter) =>
    topKKernel({ x: inputs.x, values: outputs[0]!, indices: outputs[1]! }, attrs, adapter),
});

const SEGMENT = 16384; // elements that one workgroup searches before a second step pays

/** The k largest of each row of x [rows, n], largest first, and their i32 indices; of equal values the higher index first. */
export function topK(x: Tensor, { k }: { readonly k: number }): { readonly values: Tensor; readonly indices: Tensor } {
  const n = x.shape[1] ?? 0;
  const segments = Math.max(1, Math.floor(n / Math.max(SEGMENT, 4 * k)));
  if (segments === 1) return select(x, { k, segments, ascending: false });
  const candidates = select(x, { k, segments, ascending: true });
  const best = select(candidates.values, { k, segments: 1, ascending: false });
  const flat = reshape(candidates.indices, [elementCount(candidates.indices.shape), 1]);
  const indices = gather(flat, rowOffsets(best.indices, segments * k));
  return { values: best.values, indices: reshape(indices, best.indices.shape) };
}

function select(x: Tensor, attrs: TopKAttrs) {
  const [values, indices] = apply(topKOp, { x }, attrs) as [Tensor, Tensor];
  return { values, indices };
}

/** Indices into rows of length n as indices into the flattened rows. */
export function rowOffsets(indices: Tensor, n: number): Tensor {
  const row = iota(indices, [indices.shape[0]!, 1], 0, "i32");
  return add(indices, mul(row, fill(indices, [1, 1], n, "i32")));
}
