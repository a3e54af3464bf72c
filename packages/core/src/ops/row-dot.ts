import { bindings } from "../bindings.ts";
import { defineFused } from "../op.ts";
import { expectFloat, expectShape, lastDim, rowCount } from "../shape.ts";
import { elementCount } from "../spec.ts";
import { wgsl } from "../wgsl.ts";
import { rowKernel } from "./snippets/rows.ts";

/** Σ a b over the last axis: f32 [rows]. */
export const rowDotOp = defineFused<"a" | "b">({
  name: "rowDot",
  inputs: ["a", "b"],
  infer({ a, b }) {
    expectFloat("rowDot", "a", a);
    expectFloat("rowDot", "b", b);
    expectShape("rowDot", "b", b, a.shape);
    return [{ dtype: "f32", shape: [rowCount(a)] }];
  },
  define: (p, { a, b }) => [p.reshape(p.sum(p.mul(p.cast(a, "f32"), p.cast(b, "f32"))), [rowCount(a)])],
  flops: ({ inputs }) => 2 * elementCount(inputs.a.shape),
  lower({ inputs: { a, b }, outputs }, _attrs, adapter) {
    const declarations = bindings({ a, b }, { y: outputs[0]! });
    return rowKernel(
      { declarations, rows: rowCount(a), width: lastDim(a), adapter },
      (walk) => wgsl`
        ${walk.sum("total", "f32(a[row * WIDTH + i]) * f32(b[row * WIDTH + i])")}
        y[row] = total;`,
    );
  },
});
