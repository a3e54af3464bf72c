import type { Tensor } from "@albef/core";
import {
  applyLinear,
  type LinearParameters,
  linearParameters,
  type ParameterSource,
  type TextConfig,
} from "@albef/encoder";
import { clsToken } from "./cls-token.ts";

/** The class of pairs that match. */
export const ITM_MATCH = 1;

/** `itm_head`: [2, width]. */
export function itmParameters(source: ParameterSource, { hiddenSize }: TextConfig): LinearParameters {
  return linearParameters(source, "itm_head", [2, hiddenSize]);
}

/**
 * Image-text matching (paper section 3.2): output of the multimodal encoder [batch, L, width] -> logits [batch, 2]; class
 * `ITM_MATCH` says that image and text belong together.
 */
export function itmLogits(fusionEmbeds: Tensor, parameters: LinearParameters): Tensor {
  return applyLinear(clsToken(fusionEmbeds), parameters);
}
