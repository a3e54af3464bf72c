import { layerNorm, type Tensor } from "@albef/core";
import type { ParameterSource } from "./parameters.ts";

export interface LayerNormParameters {
  /** [width] */
  readonly weight: Tensor;
  /** [width] */
  readonly bias: Tensor;
}

/** `name.weight` and `name.bias`, both [width]. */
export function layerNormParameters(source: ParameterSource, name: string, width: number): LayerNormParameters {
  return { weight: source.tensor(`${name}.weight`, [width]), bias: source.tensor(`${name}.bias`, [width]) };
}

/** LayerNorm(x + residual) over the last axis: x [..., width]. */
export function applyLayerNorm(
  x: Tensor,
  { weight, bias }: LayerNormParameters,
  options: { readonly eps: number; readonly residual?: Tensor },
): Tensor {
  return layerNorm(x, weight, bias, options);
}
