import { bindings } from "../bindings.ts";
import { apply } from "../graph/apply.ts";
import type { PrimitiveSet } from "../graph/primitive-set.ts";
import type { Tensor } from "../graph/tensor.ts";
import { defineFused } from "../op.ts";
import { expectDType, expectFloat, expectShape, lastDim, rowCount } from "../shape.ts";
import type { DType, TensorSpec } from "../spec.ts";
import { wgsl } from "../wgsl.ts";
import type { LayerNormAttrs, layerNormOp } from "./layernorm.ts";
import {
  parameterGradientKernel,
  parameterGradients,
  rowGradientKernel,
  rowGradients,
} from "./snippets/normalize-backward.ts";

/** dx of LayerNorm, and the statistics of the rows f32 [rows, 2] that the gradients of its parameters need. */
export const layerNormBackwardOp = defineFused<"x" | "weight" | "dy", "residual", LayerNormAttrs>({
  name: "layerNormBackward",
  inputs: ["x", "weight", "dy"],
  optional: ["residual"],
  infer({ x, weight, dy, residual }) {
    expectFloat("layerNormBackward", "x", x);
    expectFloat("layerNormBackward", "dy", dy);
    expectShape("layerNormBackward", "weight", weight, [lastDim(x)]);
    expectShape("layerNormBackward", "dy", dy, x.shape);
    if (residual) expectShape("layerNormBackward", "residual", residual, x.shape);
    return [x, { dtype: "f32", shape: [rowCount(x), 2] }];
  },
  define(p, { x, weight, dy, residual }, { eps }) {
    const [dx, statistics] = rowGradients(p, total(p, x, residual), { dy, weight, eps });
    return [p.cast(dx, x.dtype), statistics];
  },
  flops: ({ inputs }) => 16 * rowCount(inputs.x) * lastDim(inputs.x),
  lower({ inputs: { x, weight, dy, residual }, outputs }, { eps }, adapter) {
    const [dx, statistics] = outputs as readonly [TensorSpec, TensorSpec];
    const declarations = wgsl`
      ${bindings({ x, weight, dy, residual }, { dx, statistics })}
      ${load(residual)}`;
    const matrix = { declarations, rows: rowCount(x), width: lastDim(x) };
    return rowGradientKernel(matrix, { eps, dtype: dx.dtype }, adapter);
  },
});

export interface LayerNormParametersAttrs {
  /** Element types of the gradients. */
  readonly weight: DType;
  readonly bias: DType;
}

/** dweight and dbias of LayerNorm, each [width]. */
export const layerNormParametersOp = defineFused<"x" | "statistics" | "dy", "residual", LayerNormParametersAttrs>({
  name: "layerNormParameters",
  inputs: ["x", "statistics", "dy"],
  optional: ["residual"],
  infer({ x, statistics, dy, residual }, { weight, bias }) {
    expectFloat("layerNormParameters", "x", x);
    expectDType("layerNormParameters", "statistics", statistics, ["f32"]);
    expectShape("layerNormParameters", "statistics", statistics, [rowCount(x), 2]);
    expectShape("layerNormParameters", "dy", dy, x.shape);
    if (residual) expectShape("layerNormParameters", "residual", residual, x.shape);
    return [weight, bias].map((dtype) => ({ dtype, shape: [lastDim(x)] }));
  },
  define(p, { x, statistics, dy, residual }, { weight, bias }) {
    const [dWeight, dBias] = parameterGradients(p, total(p, x, residual), { dy, statistics });
    return [p.cast(dWeight, weight), p.cast(dBias, bias)];
  },
  flops: ({ inputs }) => 6 * rowCount(inputs.x) * lastDim(inputs.x),
  lower({ inputs: { x, statistics, dy, residual }, outputs }, attrs, adapter) {
    const [dWeight, dBias] = outputs as readonly [TensorSpec, TensorSpec];
    const declarations = wgsl`
      ${bindings({ x, statistics, dy, residual }, { dWeight, dBias })}
      ${load(residual)}`;
    return parameterGradientKernel({ declarations, rows: rowCount(x), width: lastDim(x) }, attrs, adapter);
  },
});

function load(residual: TensorSpec | undefined) {
  return wgsl`
    fn load(row: u32, i: u32) -> f32 {
      return f32(x[row * WIDTH + i])${residual ? " + f32(residual[row * WIDTH + i])" : ""};
    }`;
}

function total(p: PrimitiveSet, x: Tensor, residual: Tensor | undefined): Tensor {
  const wide = p.cast(x, "f32");
  return residual ? p.add(wide, p.cast(residual, "f32")) : wide;
}

export const layerNormVjp: NonNullable<(typeof layerNormOp)["vjp"]> = (p, { inputs, grads }, { eps }) => {
  const { x, weight, bias, residual } = inputs;
  const dy = grads[0]!;
  const plus = residual && { residual };
  const [dx, statistics] = apply(layerNormBackwardOp, { x, weight, dy, ...plus }, { eps }) as [Tensor, Tensor];
  const dtypes = { weight: weight.dtype, bias: bias.dtype };
  const [dWeight, dBias] = apply(layerNormParametersOp, { x, statistics, dy, ...plus }, dtypes);
  return { x: dx, residual: residual ? p.cast(dx, residual.dtype) : null, weight: dWeight!, bias: dBias! };
};
