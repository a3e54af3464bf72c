import { apply } from "../graph/apply.ts";
import type { Tensor } from "../graph/tensor.ts";
import { defineFused } from "../op.ts";
import { expectFloat, expectRank, expectShape } from "../shape.ts";
import { type DType, elementCount } from "../spec.ts";
import { matmulKernel } from "./matmul.wgsl.ts";

export interface MixedMatmulAttrs {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  /** Element type of the result. */
  readonly dtype: DType;
}

/** A product of two matrices of any float types, summed in f32 and rounded once: gradients of f16 values to f32 weights. */
export const mixedMatmulOp = defineFused<"a" | "b", never, MixedMatmulAttrs>({
  name: "mixedMatmul",
  inputs: ["a", "b"],
  infer({ a, b }, attrs) {
    for (const [name, spec] of Object.entries({ a, b })) {
      expectFloat("mixedMatmul", name, spec);
      expectRank("mixedMatmul", name, spec, 2);
    }
    const { m, n, k } = extents(a.shape, b.shape, attrs);
    expectShape("mixedMatmul", "b", b, attrs.transposeB ? [n, k] : [k, n]);
    return [{ dtype: attrs.dtype, shape: [m, n] }];
  },
  define: (p, { a, b }, { dtype, ...transposes }) => [
    p.cast(p.matmul(p.cast(a, "f32"), p.cast(b, "f32"), transposes), dtype),
  ],
  flops: ({ inputs: { a }, outputs }, { transposeA }) =>
    2 * a.shape[transposeA ? 0 : 1]! * elementCount(outputs[0]!.shape),
  lower({ inputs: { a, b }, outputs }, attrs, adapter) {
    const single = { batch: [], batchStridesA: [], batchStridesB: [] };
    return matmulKernel(
      { a, b, y: outputs[0]! },
      { ...extents(a.shape, b.shape, attrs), ...attrs, ...single },
      adapter,
    );
  },
});

function extents(a: readonly number[], b: readonly number[], { transposeA, transposeB }: MixedMatmulAttrs) {
  const [m, k] = transposeA ? [a[1]!, a[0]!] : [a[0]!, a[1]!];
  return { m, k, n: b[transposeB ? 0 : 1]! };
}

/** a b in `dtype`, each operand [rows, columns] and optionally stored transposed. */
export function mixedMatmul(
  a: Tensor,
  b: Tensor,
  { transposeA = false, transposeB = false, dtype }: Partial<MixedMatmulAttrs> & Pick<MixedMatmulAttrs, "dtype">,
): Tensor {
  return apply(mixedMatmulOp, { a, b }, { transposeA, transposeB, dtype })[0]!;
}
