import { ShapeError } from "../errors.ts";
import { apply } from "../graph/apply.ts";
import type { PrimitiveSet } from "../graph/primitive-set.ts";
import type { Tensor } from "../graph/tensor.ts";
import { defineFused, type Operands } from "../op.ts";
import { expectDType, expectFloat, expectRank, expectShape, lastDim, rowCount } from "../shape.ts";
import { formatSpec } from "../spec.ts";
import type { LinearOptions } from "./linear.ts";
import { type QuantizedLinearAttrs, quantizedLinearKernel } from "./quantized-linear.wgsl.ts";
import { activations } from "./snippets/activation.ts";

export type QuantizedInputs = "x" | "packed" | "scales";
export type QuantizedOptional = "bias" | "residual";

/** A linear layer whose weight is stored as 8-bit or 4-bit integers with a scale per group; sums are f32. */
export const quantizedLinearOp = defineFused<QuantizedInputs, QuantizedOptional, QuantizedLinearAttrs>({
  name: "quantizedLinear",
  inputs: ["x", "packed", "scales"],
  optional: ["bias", "residual"],
  overwrites: ["residual"],

  infer({ x, packed, scales, bias, residual }, { bits, group }) {
    expectFloat("quantizedLinear", "x", x);
    expectDType("quantizedLinear", "packed", packed, ["u32"]);
    expectRank("quantizedLinear", "packed", packed, 2);
    expectDType("quantizedLinear", "scales", scales, ["f32"]);
    const [n, k, perWord] = [packed.shape[0]!, lastDim(x), 32 / bits];
    if (group < 1 || group % perWord !== 0 || k % group !== 0) {
      throw new ShapeError(
        `quantizedLinear: group ${group} must divide ${k}, the last axis of x ${formatSpec(x)}, in words of ${perWord} integers`,
      );
    }
    expectShape("quantizedLinear", "packed", packed, [n, k / perWord]);
    expectShape("quantizedLinear", "scales", scales, [n, k / group]);
    const shape = [...x.shape.slice(0, -1), n];
    if (bias) {
      expectFloat("quantizedLinear", "bias", bias);
      expectShape("quantizedLinear", "bias", bias, [n]);
    }
    if (residual) {
      expectFloat("quantizedLinear", "residual", residual);
      expectShape("quantizedLinear", "residual", residual, shape);
    }
    return [{ dtype: x.dtype, shape }];
  },

  define(p, inputs, attrs) {
    const { x, residual } = inputs;
    const y = activations[attrs.activation].apply(p, preActivation(p, inputs, attrs));
    return [residual ? p.add(y, p.cast(residual, x.dtype)) : y];
  },

  flops: ({ inputs, outputs }) => 2 * rowCount(inputs.x) * lastDim(inputs.x) * lastDim(outputs[0]!),
  lower: quantizedLinearKernel,
});

export type QuantizedTensors = Operands<QuantizedInputs, QuantizedOptional, Tensor>;

export function flat(p: PrimitiveSet, x: Tensor): Tensor {
  return p.reshape(x, [rowCount(x), lastDim(x)]);
}

/** The integers of the weight, [n, k / group, group]. */
export function unpacked(p: PrimitiveSet, { packed, scales }: QuantizedTensors, { bits, group }: QuantizedLinearAttrs) {
  const grouped = [...scales.shape, group];
  return { integers: p.reshape(p.unpack(packed, bits), grouped), grouped };
}

/** integer * scale, [n, k]. */
export function quantizedWeight(p: PrimitiveSet, inputs: QuantizedTensors, attrs: QuantizedLinearAttrs): Tensor {
  const { x, scales } = inputs;
  const { integers } = unpacked(p, inputs, attrs);
  const values = p.mul(integers, p.reshape(scales, [...scales.shape, 1]));
  return p.cast(p.reshape(values, [scales.shape[0]!, lastDim(x)]), x.dtype);
}

/** x Wᵀ + bias, [..., n]. */
export function preActivation(p: PrimitiveSet, inputs: QuantizedTensors, attrs: QuantizedLinearAttrs): Tensor {
  const { x, packed, bias } = inputs;
  const product = p.matmul(flat(p, x), quantizedWeight(p, inputs, attrs), { transposeB: true });
  const sum = bias ? p.add(product, p.cast(bias, x.dtype)) : product;
  return p.reshape(sum, [...x.shape.slice(0, -1), packed.shape[0]!]);
}

export interface QuantizedLinearOptions extends LinearOptions {
  readonly bits: 8 | 4;
  /** Neighbours along k that share a scale; a multiple of 32 / bits. */
  readonly group: number;
}

/**
 * activation(x Wᵀ + bias) + residual with W[i, j] = integer[i, j] * scales[i, j / group]: x [..., k], packed u32
 * [n, k * bits / 32] (signed integers, the first in the lowest bits of a word), scales f32 [n, k / group] -> [..., n].
 * Throws ShapeError or DTypeError where the operands do not agree.
 */
export function quantizedLinear(
  x: Tensor,
  packed: Tensor,
  scales: Tensor,
  { bits, group, bias, activation = "none", residual }: QuantizedLinearOptions,
): Tensor {
  const operands = { x, packed, scales, ...(bias && { bias }), ...(residual && { residual }) };
  return apply(quantizedLinearOp, operands, { bits, group, activation })[0]!;
}
