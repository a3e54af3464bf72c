import { bindings } from "../bindings.ts";
import { apply } from "../graph/apply.ts";
import { defineFused } from "../op.ts";
import { expectFloat, expectShape, lastDim, rowCount } from "../shape.ts";
import { elementCount } from "../spec.ts";
import { f32Literal, wgsl } from "../wgsl.ts";
import type { L2NormalizeAttrs, l2NormalizeOp } from "./l2-normalize.ts";
import { rowKernel } from "./snippets/rows.ts";

/** (dy - x Σ dy x / |x|²) / |x|; where eps is the divisor, dy / eps. */
export const l2NormalizeBackwardOp = defineFused<"x" | "dy", never, L2NormalizeAttrs>({
  name: "l2NormalizeBackward",
  inputs: ["x", "dy"],
  infer({ x, dy }) {
    expectFloat("l2NormalizeBackward", "x", x);
    expectFloat("l2NormalizeBackward", "dy", dy);
    expectShape("l2NormalizeBackward", "dy", dy, x.shape);
    return [x];
  },
  // Not through sqrt: it has no slope at 0.
  define(p, inputs, { eps }) {
    const [x, dy] = [p.cast(inputs.x, "f32"), p.cast(inputs.dy, "f32")];
    const length = p.sqrt(p.sum(p.mul(x, x)));
    const smallest = p.fill(x, length.shape, eps);
    const divisor = p.maximum(length, smallest);
    const y = p.div(x, divisor);
    const along = p.mul(p.mul(y, p.sum(p.mul(dy, y))), p.greater(length, smallest));
    return [p.cast(p.div(p.sub(dy, along), divisor), inputs.x.dtype)];
  },
  flops: ({ inputs }) => 6 * elementCount(inputs.x.shape),
  lower({ inputs: { x, dy }, outputs }, { eps }, adapter) {
    const dx = outputs[0]!;
    const declarations = bindings({ x, dy }, { dx });
    return rowKernel(
      { declarations, rows: rowCount(x), width: lastDim(x), adapter },
      (walk) => wgsl`
        let start = row * WIDTH;
        ${walk.sum("squares", "f32(x[start + i]) * f32(x[start + i])")}
        let length = sqrt(squares);
        let divisor = max(length, ${f32Literal(eps)});
        ${walk.sum("product", "f32(dy[start + i]) * (f32(x[start + i]) / divisor)")}
        let along = select(0.0, product, length > ${f32Literal(eps)});
        ${walk.each(`dx[start + i] = ${dx.dtype}((f32(dy[start + i]) - f32(x[start + i]) / divisor * along) / divisor);`)}`,
    );
  },
});

export const l2NormalizeVjp: NonNullable<(typeof l2NormalizeOp)["vjp"]> = (_p, { inputs: { x }, grads }, attrs) => ({
  x: apply(l2NormalizeBackwardOp, { x, dy: grads[0]! }, attrs)[0]!,
});
