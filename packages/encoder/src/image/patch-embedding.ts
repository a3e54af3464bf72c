import { patchEmbedding, type Tensor } from "@albef/core";
import { imageTokenCount, type VisionConfig } from "../config.ts";
import type { ParameterSource } from "../layers/parameters.ts";

export interface PatchEmbeddingParameters {
  /** [width, 3, patch, patch] */
  readonly weight: Tensor;
  /** [width] */
  readonly bias: Tensor;
  /** [1, 1, width] */
  readonly clsToken: Tensor;
  /** [1, tokens, width], the class token first. */
  readonly position: Tensor;
}

export function patchEmbeddingParameters(source: ParameterSource, config: VisionConfig): PatchEmbeddingParameters {
  const { hiddenSize, patchSize } = config;
  return {
    weight: source.tensor("patch_embed.proj.weight", [hiddenSize, 3, patchSize, patchSize]),
    bias: source.tensor("patch_embed.proj.bias", [hiddenSize]),
    clsToken: source.tensor("cls_token", [1, 1, hiddenSize]),
    position: source.tensor("pos_embed", [1, imageTokenCount(config), hiddenSize]),
  };
}

/** image [batch, 3, size, size] -> tokens [batch, patches + 1, width], row by row after the class token. */
export function embedPatches(image: Tensor, parameters: PatchEmbeddingParameters, config: VisionConfig): Tensor {
  const { weight, bias, clsToken, position } = parameters;
  return patchEmbedding(image, weight, bias, clsToken, position, { patchSize: config.patchSize });
}
