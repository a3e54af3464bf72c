import { ShapeError } from "../errors.ts";
import { apply } from "../graph/apply.ts";
import { add, fill, gather, iota, mul, reshape } from "../graph/forward-primitives.ts";
import type { Tensor } from "../graph/tensor.ts";
import { definePrimitive, type F64Array } from "../op.ts";
import { expectFloat, expectRank } from "../shape.ts";
import { elementCount, formatSpec } from "../spec.ts";
import { type TopKAttrs, topKKernel } from "./top-k.wgsl.ts";

const LARGEST = 3.4028234663852886e38; // of f32; tfjs sorts by differences, which infinities and NaN spoil
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
  f64({ x }, attrs) {
    const indices = selectF64(x, attrs);
    const perRow = attrs.segments * attrs.k;
    const values = indices.map((index, i) => x.data[Math.floor(i / perRow) * x.shape[1]! + index]!);
    return [values, indices];
  },
  tfjs(tf, { x }, { k, segments, ascending }) {
    return tf.tidy(() => {
      const parts = bounds(x.shape[1]!, segments).map(([begin, end]) => {
        // Among equals tfjs takes the lower index, so it is shown the row from its end.
        const run = tf.reverse(tf.slice(x, [0, begin], [x.shape[0]!, end - begin]), 1);
        const finite = tf.clipByValue(tf.where(tf.isNaN(run), tf.scalar(LARGEST), run), -LARGEST, LARGEST);
        const best = tf.topk(finite, k, true).indices;
        const places = ascending ? tf.reverse(best, 1) : best;
        // In one dimension: with batch dimensions the gather of the wasm backend reads past the first row wrongly.
        const rows = tf.reshape(tf.range(0, x.shape[0]!, 1, "int32"), [x.shape[0]!, 1]);
        const flat = tf.add(places, tf.mul(rows, tf.scalar(end - begin, "int32"))) as typeof places;
        const values = tf.gather(tf.reshape(run, [-1]), flat);
        return { values, indices: tf.sub(tf.scalar(end - 1, "int32"), places) };
      });
      const join = (name: "values" | "indices") =>
        tf.concat(
          parts.map((part) => part[name]),
          1,
        );
      return [join("values"), join("indices")];
    });
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

/** Begin and end of each segment of a row. */
function bounds(n: number, segments: number): (readonly [number, number])[] {
  const begin = (s: number) => s * Math.floor(n / segments) + Math.min(s, n % segments);
  return Array.from({ length: segments }, (_, s) => [begin(s), begin(s + 1)]);
}

function selectF64(x: F64Array, { k, segments, ascending }: TopKAttrs): Float64Array {
  const [rows, n] = x.shape as readonly [number, number];
  const rank = (value: number) => (Number.isNaN(value) ? Number.POSITIVE_INFINITY : value);
  const result: number[] = [];
  for (let row = 0; row < rows; row++) {
    const at = (i: number) => x.data[row * n + i]!;
    const before = (i: number, j: number) =>
      Number(Number.isNaN(at(j))) - Number(Number.isNaN(at(i))) || Math.sign(rank(at(j)) - rank(at(i)) || 0) || j - i;
    for (const [begin, end] of bounds(n, segments)) {
      const best = Array.from({ length: end - begin }, (_, i) => begin + i)
        .sort(before)
        .slice(0, k);
      result.push(...(ascending ? best.reverse() : best));
    }
  }
  return Float64Array.from(result);
}
