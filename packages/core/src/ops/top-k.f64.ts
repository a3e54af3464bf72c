import type { F64Array } from "../op.ts";
import { bounds } from "./snippets/segments.ts";
import type { TopKAttrs } from "./top-k.wgsl.ts";

/** Values and indices. */
export function topKF64(x: F64Array, attrs: TopKAttrs): readonly Float64Array[] {
  const indices = selectF64(x, attrs);
  const perRow = attrs.segments * attrs.k;
  const values = indices.map((index, i) => x.data[Math.floor(i / perRow) * x.shape[1]! + index]!);
  return [values, indices];
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
