import type { F64Array, Operands } from "../op.ts";
import { broadcastStrides, stridesOf } from "../shape.ts";
import { elementCount, type TensorSpec } from "../spec.ts";
import { batchShape, extents, type MatmulAttrs } from "./matmul.ts";
import { gatherStrided } from "./snippets/strided-f64.ts";

export function matmulF64(
  inputs: Operands<"a" | "b", never, F64Array>,
  attrs: MatmulAttrs,
  output: TensorSpec,
): Float64Array {
  const { m, n, k } = extents(inputs, attrs);
  const batch = batchShape(inputs);
  const a = dense(inputs.a, [...batch, m, k], attrs.transposeA);
  const b = dense(inputs.b, [...batch, n, k], !attrs.transposeB); // rows along k, as the inner loop reads them
  const result = new Float64Array(elementCount(output.shape));
  for (let at = 0; at < result.length; at++) {
    const row = Math.floor(at / n) * k;
    const column = (Math.floor(at / (m * n)) * n + (at % n)) * k;
    let total = 0;
    for (let i = 0; i < k; i++) total += a[row + i]! * b[column + i]!;
    result[at] = total;
  }
  return result;
}

/** The operand broadcast over the batch, its last two axes swapped where `transposed`. */
function dense(x: F64Array, shape: readonly number[], transposed: boolean): Float64Array {
  const strides = stridesOf(x.shape).slice(-2);
  if (transposed) strides.reverse();
  const leading = x.shape.slice(0, -2);
  const batch = broadcastStrides(leading, shape.slice(0, -2)).map((s) => s * elementCount(x.shape.slice(-2)));
  return gatherStrided(x.data, shape, [...batch, ...strides], 0);
}
