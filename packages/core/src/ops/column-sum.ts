import { bindings } from "../bindings.ts";
import { apply } from "../graph/apply.ts";
import type { Tensor } from "../graph/tensor.ts";
import { defineFused } from "../op.ts";
import { expectFloat, expectRank } from "../shape.ts";
import { type DType, elementCount } from "../spec.ts";
import { columnSumKernel } from "./snippets/columns.ts";

export interface ColumnSumAttrs {
  /** Element type of the result. */
  readonly dtype: DType;
}

/** Σ over the rows of x [rows, n] -> [n], summed in f32 and rounded once: the gradient of a bias. */
export const columnSumOp = defineFused<"x", never, ColumnSumAttrs>({
  name: "columnSum",
  inputs: ["x"],
  infer({ x }, { dtype }) {
    expectFloat("columnSum", "x", x);
    expectRank("columnSum", "x", x, 2);
    return [{ dtype, shape: [x.shape[1]!] }];
  },
  define: (p, { x }, { dtype }) => [p.cast(p.sumTo(p.cast(x, "f32"), [x.shape[1]!]), dtype)],
  flops: ({ inputs }) => elementCount(inputs.x.shape),
  lower({ inputs: { x }, outputs }, { dtype }, adapter) {
    const [rows, width] = x.shape as readonly [number, number];
    const sums = {
      declarations: bindings({ x }, { y: outputs[0]! }),
      rows,
      width,
      terms: { total: `f32(x[row * ${width}u + column])` },
      store: `y[column] = ${dtype}(total);`,
    };
    return columnSumKernel(sums, adapter);
  },
});

/** Σ over the rows of x [rows, n] -> [n] in `dtype`. */
export function columnSum(x: Tensor, dtype: DType): Tensor {
  return apply(columnSumOp, { x }, { dtype })[0]!;
}
