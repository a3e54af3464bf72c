import { bindings } from "../bindings.ts";
import { apply } from "../graph/apply.ts";
import { defineFused } from "../op.ts";
import { expectFloat, expectShape, lastDim, rowCount } from "../shape.ts";
import { elementCount } from "../spec.ts";
import { wgsl } from "../wgsl.ts";
import { rowKernel } from "./snippets/rows.ts";
import type { softmaxOp } from "./softmax.ts";

/** y * (dy - Σ dy y) over the last axis, y being the probabilities. */
export const softmaxBackwardOp = defineFused<"y" | "dy">({
  name: "softmaxBackward",
  inputs: ["y", "dy"],
  infer({ y, dy }) {
    expectFloat("softmaxBackward", "y", y);
    expectFloat("softmaxBackward", "dy", dy);
    expectShape("softmaxBackward", "dy", dy, y.shape);
    return [y];
  },
  define(p, inputs) {
    const [y, dy] = [p.cast(inputs.y, "f32"), p.cast(inputs.dy, "f32")];
    return [p.cast(p.mul(y, p.sub(dy, p.sum(p.mul(dy, y)))), inputs.y.dtype)];
  },
  flops: ({ inputs }) => 4 * elementCount(inputs.y.shape),
  lower({ inputs: { y, dy }, outputs }, _attrs, adapter) {
    const dx = outputs[0]!;
    const declarations = bindings({ y, dy }, { dx });
    return rowKernel(
      { declarations, rows: rowCount(y), width: lastDim(y), adapter },
      (walk) => wgsl`
        let start = row * WIDTH;
        ${walk.sum("along", "f32(y[start + i]) * f32(dy[start + i])")}
        ${walk.each(`dx[start + i] = ${dx.dtype}(f32(y[start + i]) * (f32(dy[start + i]) - along));`)}`,
    );
  },
});

export const softmaxVjp: NonNullable<(typeof softmaxOp)["vjp"]> = (_p, { outputs, grads }) => ({
  x: apply(softmaxBackwardOp, { y: outputs[0]!, dy: grads[0]! }, {})[0]!,
});
