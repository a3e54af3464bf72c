import { bindings } from "../bindings.ts";
import { apply } from "../graph/apply.ts";
import type { PrimitiveSet } from "../graph/primitive-set.ts";
import type { Tensor } from "../graph/tensor.ts";
import { defineFused } from "../op.ts";
import { expectFloat, expectShape, lastDim, rowCount } from "../shape.ts";
import { wgsl } from "../wgsl.ts";
import { normalizeRow, normalizeRows } from "./snippets/normalize.ts";
import { rowKernel } from "./snippets/rows.ts";

export interface LayerNormAttrs {
  /** Inside the root. ALBEF: 1e-6 in the image encoder, 1e-12 in the text encoder. */
  readonly eps: number;
}

type Inputs = "x" | "weight" | "bias";

/** Layer normalization over the last axis of x + residual. Ba et al. 2016, arXiv 1607.06450. */
export const layerNormOp = defineFused<Inputs, "residual", LayerNormAttrs>({
  name: "layerNorm",
  inputs: ["x", "weight", "bias"],
  optional: ["residual"],

  infer({ x, weight, bias, residual }) {
    expectFloat("layerNorm", "x", x);
    expectShape("layerNorm", "weight", weight, [lastDim(x)]);
    expectShape("layerNorm", "bias", bias, [lastDim(x)]);
    if (residual) expectShape("layerNorm", "residual", residual, x.shape);
    return [x];
  },

  define(p, { x, weight, bias, residual }, { eps }) {
    const { h } = normalizeRows(p, total(p, x, residual), eps);
    const y = p.add(p.mul(h, p.cast(weight, "f32")), p.cast(bias, "f32"));
    return [p.cast(y, x.dtype)];
  },

  flops: ({ inputs }) => 8 * rowCount(inputs.x) * lastDim(inputs.x),
  lower({ inputs: { x, weight, bias, residual }, outputs }, { eps }, adapter) {
    const y = outputs[0]!;
    const declarations = wgsl`
      ${bindings({ x, weight, bias, residual }, { y })}

      fn load(row: u32, i: u32) -> f32 {
        return f32(x[row * WIDTH + i])${residual ? " + f32(residual[row * WIDTH + i])" : ""};
      }`;
    return rowKernel({ declarations, rows: rowCount(x), width: lastDim(x), adapter }, (walk) =>
      normalizeRow(walk, y.dtype, eps),
    );
  },
});

/** LayerNorm(x [+ residual]) * weight + bias over the last axis: x [..., width], weight and bias [width]. */
export function layerNorm(
  x: Tensor,
  weight: Tensor,
  bias: Tensor,
  { eps, residual }: LayerNormAttrs & { readonly residual?: Tensor },
): Tensor {
  return apply(layerNormOp, { x, weight, bias, ...(residual && { residual }) }, { eps })[0]!;
}

function total(p: PrimitiveSet, x: Tensor, residual: Tensor | undefined): Tensor {
  const wide = p.cast(x, "f32");
  return residual ? p.add(wide, p.cast(residual, "f32")) : wide;
}
