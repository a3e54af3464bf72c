import type { PrimitiveSet } from "../../graph/primitive-set.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { DType } from "../../spec.ts";
import { f32Literal, type Wgsl, wgsl } from "../../wgsl.ts";
import type { RowWalk } from "./rows.ts";

export interface NormalizedRows {
  readonly h: Tensor;
  readonly rstd: Tensor;
}

/** h = (x - mean) * rstd over the last axis: what the forward and the gradient of LayerNorm share. */
export function normalizeRows(p: PrimitiveSet, x: Tensor, eps: number): NormalizedRows {
  const centered = p.sub(x, p.mean(x));
  const rstd = p.rsqrt(p.add(p.mean(p.mul(centered, centered)), eps)); // biased variance, eps under the root
  return { h: p.mul(centered, rstd), rstd };
}

/** dx = rstd * (g - mean(g) - h * mean(g * h)), g being the gradient of h. */
export function normalizeGradient(p: PrimitiveSet, g: Tensor, { h, rstd }: NormalizedRows): Tensor {
  const projection = p.mul(h, p.mean(p.mul(g, h)));
  return p.mul(rstd, p.sub(p.sub(g, p.mean(g)), projection));
}

/** WGSL of LayerNorm over a row of `load(row, i)` into `y`, with `weight` and `bias`. */
export function normalizeRow(walk: RowWalk, dtype: DType, eps: number): Wgsl {
  return wgsl`
    let start = row * WIDTH;
    let origin = load(row, 0u); // differences from it stay exact when the mean is far above the spread
    ${walk.sum("shift", "load(row, i) - origin")}
    let mean = shift / f32(WIDTH);
    // Two passes: E[x²] - mean² cancels to NaN when the mean is far above the spread.
    ${walk.sum("squares", "(load(row, i) - origin - mean) * (load(row, i) - origin - mean)")}
    let rstd = inverseSqrt(squares / f32(WIDTH) + ${f32Literal(eps)});
    ${walk.each(`y[start + i] = ${dtype}((load(row, i) - origin - mean) * rstd * f32(weight[i]) + f32(bias[i]));`)}`;
}
