import { l2Normalize, similarity, type Tensor } from "@albef/core";
import {
  type AlbefConfig,
  applyLinear,
  type LinearParameters,
  linearParameters,
  type ParameterSource,
} from "@albef/encoder";
import { clsToken } from "./cls-token.ts";

/** `vision_proj`: [embedDim, image width]. */
export function visionProjectionParameters(source: ParameterSource, config: AlbefConfig): LinearParameters {
  return linearParameters(source, "vision_proj", [config.embedDim, config.vision.hiddenSize]);
}

/** `text_proj`: [embedDim, text width]. */
export function textProjectionParameters(source: ParameterSource, config: AlbefConfig): LinearParameters {
  return linearParameters(source, "text_proj", [config.embedDim, config.text.hiddenSize]);
}

/** The learned temperature, a scalar. */
export function temperatureParameter(source: ParameterSource): Tensor {
  return source.tensor("temp", []);
}

/**
 * Image or text features for image-text contrast (paper section 3.2): the class token of an encoder's output
 * [batch, tokens, width], projected to unit length [batch, embedDim].
 */
export function itcFeatures(embeds: Tensor, projection: LinearParameters): Tensor {
  return l2Normalize(applyLinear(clsToken(embeds), projection));
}

/**
 * Cosine similarities of features a [m, embedDim] and b [n, embedDim] -> [m, n]; divided by `temperature` in training,
 * not in the evaluation of retrieval.
 */
export function itcSimilarity(a: Tensor, b: Tensor, options: { readonly temperature?: Tensor } = {}): Tensor {
  return similarity(a, b, options);
}
