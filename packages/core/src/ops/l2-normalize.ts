import { bindings } from "../bindings.ts";
import { apply } from "../graph/apply.ts";
import type { PrimitiveSet } from "../graph/primitive-set.ts";
import type { Tensor } from "../graph/tensor.ts";
import { defineFused } from "../op.ts";
import { expectFloat, lastDim, rowCount } from "../shape.ts";
import { elementCount } from "../spec.ts";
import { f32Literal, wgsl } from "../wgsl.ts";
import { rowKernel } from "./snippets/rows.ts";

export interface L2NormalizeAttrs {
  /** Smallest divisor; 1e-12 as in torch.nn.functional.normalize. */
  readonly eps: number;
}

/** x / max(|x|, eps) over the last axis. */
export const l2NormalizeOp = defineFused<"x", never, L2NormalizeAttrs>({
  name: "l2Normalize",
  inputs: ["x"],
  infer({ x }) {
    expectFloat("l2Normalize", "x", x);
    return [x];
  },
  define(p, { x }, { eps }) {
    const wide = p.cast(x, "f32");
    return [p.cast(p.div(wide, divisor(p, wide, eps)), x.dtype)];
  },
  flops: ({ inputs }) => 3 * elementCount(inputs.x.shape),
  lower({ inputs: { x }, outputs }, { eps }, adapter) {
    const declarations = bindings({ x }, { y: outputs[0]! });
    return rowKernel(
      { declarations, rows: rowCount(x), width: lastDim(x), adapter },
      (walk) => wgsl`
        let start = row * WIDTH;
        ${walk.sum("squares", "f32(x[start + i]) * f32(x[start + i])")}
        let divisor = max(sqrt(squares), ${f32Literal(eps)});
        ${walk.each(`y[start + i] = ${outputs[0]!.dtype}(f32(x[start + i]) / divisor);`)}`,
    );
  },
});

/** x [..., width] with each vector along the last axis divided by max(its length, eps). */
export function l2Normalize(x: Tensor, { eps = 1e-12 }: { readonly eps?: number } = {}): Tensor {
  return apply(l2NormalizeOp, { x }, { eps })[0]!;
}

function divisor(p: PrimitiveSet, x: Tensor, eps: number): Tensor {
  const norm = p.sqrt(p.sum(p.mul(x, x)));
  return p.maximum(norm, p.fill(x, norm.shape, eps));
}
