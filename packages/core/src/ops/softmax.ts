import { bindings } from "../bindings.ts";
import { apply } from "../graph/apply.ts";
import type { Tensor } from "../graph/tensor.ts";
import { defineFused } from "../op.ts";
import { expectFloat, lastDim, rowCount } from "../shape.ts";
import { elementCount } from "../spec.ts";
import { wgsl } from "../wgsl.ts";
import { rowKernel } from "./snippets/rows.ts";

/** exp(x) / sum(exp(x)) over the last axis; the maximum is subtracted first. */
export const softmaxOp = defineFused<"x">({
  name: "softmax",
  inputs: ["x"],
  infer({ x }) {
    expectFloat("softmax", "x", x);
    return [x];
  },
  define: (p, { x }) => [p.cast(p.softmax(p.cast(x, "f32")), x.dtype)],
  flops: ({ inputs }) => 5 * elementCount(inputs.x.shape),
  lower({ inputs: { x }, outputs }, _attrs, adapter) {
    const declarations = bindings({ x }, { y: outputs[0]! });
    return rowKernel(
      { declarations, rows: rowCount(x), width: lastDim(x), adapter },
      (walk) => wgsl`
        let start = row * WIDTH;
        ${walk.max("top", "f32(x[start + i])")}
        ${walk.sum("total", "exp(f32(x[start + i]) - top)")}
        ${walk.each(`y[start + i] = ${outputs[0]!.dtype}(exp(f32(x[start + i]) - top) / total);`)}`,
    );
  },
});

/** Softmax over the last axis of x [..., width]. */
export function softmax(x: Tensor): Tensor {
  return apply(softmaxOp, { x }, {})[0]!;
}
