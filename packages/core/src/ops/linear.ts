import { apply } from "../graph/apply.ts";
import type { PrimitiveSet } from "../graph/primitive-set.ts";
import type { Tensor } from "../graph/tensor.ts";
import { defineFused, type Operands } from "../op.ts";
import { expectFloat, expectRank, expectShape, lastDim, rowCount } from "../shape.ts";
import { linearKernel } from "./linear.wgsl.ts";
import { type Activation, activations } from "./snippets/activation.ts";

export interface LinearAttrs {
  readonly activation: Activation;
}

type Inputs = "x" | "weight";
type Optional = "bias" | "residual";

/** activation(x Wᵀ + bias) + residual: a fully connected layer with what surrounds it in a transformer block. */
export const linearOp = defineFused<Inputs, Optional, LinearAttrs>({
  name: "linear",
  inputs: ["x", "weight"],
  optional: ["bias", "residual"],
  overwrites: ["residual"],

  infer({ x, weight, bias, residual }) {
    expectFloat("linear", "x", x);
    expectFloat("linear", "weight", weight);
    expectRank("linear", "weight", weight, 2);
    expectShape("linear", "weight", weight, [weight.shape[0]!, lastDim(x)]);
    const shape = [...x.shape.slice(0, -1), weight.shape[0]!];
    if (bias) {
      expectFloat("linear", "bias", bias);
      expectShape("linear", "bias", bias, [weight.shape[0]!]);
    }
    if (residual) {
      expectFloat("linear", "residual", residual);
      expectShape("linear", "residual", residual, shape);
    }
    return [{ dtype: x.dtype, shape }];
  },

  define(p, inputs, { activation }) {
    const { x, residual } = inputs;
    const y = activations[activation].apply(p, preActivation(p, inputs));
    return [residual ? p.add(y, p.cast(residual, x.dtype)) : y];
  },

  flops: ({ inputs, outputs }) => 2 * rowCount(inputs.x) * lastDim(inputs.x) * lastDim(outputs[0]!),
  lower: (specs, { activation }, adapter) => linearKernel(specs, activation, adapter),
});

/** x Wᵀ + bias, [..., n]. */
function preActivation(p: PrimitiveSet, { x, weight, bias }: Operands<Inputs, Optional, Tensor>): Tensor {
  const rows = p.reshape(x, [rowCount(x), lastDim(x)]);
  const product = p.matmul(rows, p.cast(weight, x.dtype), { transposeB: true });
  const sum = bias ? p.add(product, p.cast(bias, x.dtype)) : product;
  return p.reshape(sum, [...x.shape.slice(0, -1), weight.shape[0]!]);
}

export interface LinearOptions {
  /** [n] */
  readonly bias?: Tensor;
  /** Default: none. */
  readonly activation?: Activation;
  /** [..., n], added after the activation. */
  readonly residual?: Tensor;
}

/**
 * activation(x Wᵀ + bias) + residual: x [..., k], weight [n, k] as in PyTorch, result [..., n] in x's dtype.
 * Throws ShapeError where the operands' axes do not agree, DTypeError where one is not f32 or f16.
 */
export function linear(x: Tensor, weight: Tensor, { bias, activation = "none", residual }: LinearOptions = {}): Tensor {
  return apply(linearOp, { x, weight, ...(bias && { bias }), ...(residual && { residual }) }, { activation })[0]!;
}
