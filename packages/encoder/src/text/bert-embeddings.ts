import { embeddingLayerNorm, type Tensor } from "@albef/core";
import type { TextConfig } from "../config.ts";
import { type LayerNormParameters, layerNormParameters } from "../layers/layernorm.ts";
import type { ParameterSource } from "../layers/parameters.ts";

export interface BertEmbeddingParameters {
  /** [vocabulary, width] */
  readonly word: Tensor;
  /** [places, width] */
  readonly position: Tensor;
  /** [types, width]; ALBEF knows only type 0. */
  readonly tokenType: Tensor;
  readonly norm: LayerNormParameters;
}

export function bertEmbeddingParameters(source: ParameterSource, config: TextConfig): BertEmbeddingParameters {
  const { hiddenSize: width, vocabSize, maxPositions, typeVocabSize } = config;
  return {
    word: source.tensor("word_embeddings.weight", [vocabSize, width]),
    position: source.tensor("position_embeddings.weight", [maxPositions, width]),
    tokenType: source.tensor("token_type_embeddings.weight", [typeVocabSize, width]),
    norm: layerNormParameters(source, "LayerNorm", width),
  };
}

/** LayerNorm(word + position + type 0): inputIds i32 [batch, tokens] -> f32 [batch, tokens, width]. */
export function embedTokens(
  inputIds: Tensor,
  { word, position, tokenType, norm }: BertEmbeddingParameters,
  config: TextConfig,
): Tensor {
  return embeddingLayerNorm(inputIds, word, position, tokenType, norm.weight, norm.bias, {
    eps: config.layerNormEps,
    dtype: "f32",
  });
}
