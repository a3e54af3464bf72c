import type { Vjp } from "../op.ts";
import { columnSum } from "./column-sum.ts";
import {
  flat,
  preActivation,
  type QuantizedInputs,
  type QuantizedOptional,
  quantizedWeight,
  unpacked,
} from "./quantized-linear.ts";
import type { QuantizedLinearAttrs } from "./quantized-linear.wgsl.ts";
import { activations } from "./snippets/activation.ts";

/** As that of `linear`; the integers have no gradient, a scale has that of its group. */
export const quantizedLinearVjp: Vjp<QuantizedInputs, QuantizedOptional, QuantizedLinearAttrs> = (
  p,
  { inputs, grads },
  attrs,
) => {
  const { x, scales, bias, residual } = inputs;
  const dy = grads[0]!;
  const slope = () => activations[attrs.activation].derivative(p, preActivation(p, inputs, attrs));
  const du = flat(p, attrs.activation === "none" ? dy : p.mul(dy, slope()));
  const dWeight = p.cast(p.matmul(du, flat(p, x), { transposeA: true }), "f32");
  const { integers, grouped } = unpacked(p, inputs, attrs);
  const dScales = p.sum(p.mul(p.reshape(dWeight, grouped), integers));
  return {
    x: p.reshape(p.matmul(du, quantizedWeight(p, inputs, attrs)), x.shape),
    packed: null,
    scales: p.reshape(dScales, scales.shape),
    bias: bias ? columnSum(du, bias.dtype) : null,
    residual: residual ? p.cast(dy, residual.dtype) : null,
  };
};
