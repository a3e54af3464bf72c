import { type LinearOptions, linear, quantizedLinear, type Tensor } from "@albef/core";
import type { ParameterSource, WeightTensor } from "./parameters.ts";

export interface LinearParameters {
  /** [out, in] */
  readonly weight: WeightTensor;
  /** [out] */
  readonly bias: Tensor;
}

/** `name.weight` [out, in] and `name.bias` [out], as torch.nn.Linear(in, out) has them. */
export function linearParameters(
  source: ParameterSource,
  name: string,
  [out, width]: readonly [number, number],
): LinearParameters {
  return { weight: source.matrix(`${name}.weight`, [out, width]), bias: source.tensor(`${name}.bias`, [out]) };
}

/** activation(x Wᵀ + bias) + residual: x [..., in] -> [..., out]. */
export function applyLinear(x: Tensor, { weight, bias }: LinearParameters, options: LinearOptions = {}): Tensor {
  return applyMatrix(x, weight, { ...options, bias });
}

/** activation(x Wᵀ [+ bias]) + residual, whichever way the matrix is stored. */
export function applyMatrix(x: Tensor, matrix: WeightTensor, options: LinearOptions = {}): Tensor {
  if (matrix.kind === "dense") return linear(x, matrix.weight, options);
  const { packed, scales, bits, group } = matrix;
  return quantizedLinear(x, packed, scales, { ...options, bits, group });
}
