import type { Tensor } from "@albef/core";
import { applyLinear, type LinearParameters } from "./linear.ts";

export interface MlpParameters {
  /** [intermediate, width] */
  readonly up: LinearParameters;
  /** [width, intermediate] */
  readonly down: LinearParameters;
}

/** down(gelu(up(x))) + residual, with the exact (erf) GELU: x [..., width] -> [..., width]. */
export function applyMlp(x: Tensor, { up, down }: MlpParameters, options: { readonly residual?: Tensor } = {}): Tensor {
  return applyLinear(applyLinear(x, up, { activation: "gelu" }), down, options);
}
