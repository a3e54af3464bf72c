import type { Tensor } from "@albef/core";
import {
  applyLayerNorm,
  applyLinear,
  applyMatrix,
  type LayerNormParameters,
  type LinearParameters,
  layerNormParameters,
  linearParameters,
  type ParameterSource,
  type TextConfig,
  type WeightTensor,
} from "@albef/encoder";

export interface MlmParameters {
  /** [width, width] */
  readonly transform: LinearParameters;
  readonly norm: LayerNormParameters;
  /** [vocabulary, width]: the word embeddings. */
  readonly decoder: WeightTensor;
  /** [vocabulary] */
  readonly bias: Tensor;
}

/**
 * Parameters of the masked-language head; `source` is scoped to the wrapper (`text_encoder` in the pre-training model,
 * `text_decoder` in VQA). The decoder is the embedding matrix of the BERT within.
 */
export function mlmParameters(source: ParameterSource, { hiddenSize: width, vocabSize }: TextConfig): MlmParameters {
  const head = source.scope("cls.predictions");
  return {
    transform: linearParameters(head, "transform.dense", [width, width]),
    norm: layerNormParameters(head, "transform.LayerNorm", width),
    decoder: source.scope("bert.embeddings").matrix("word_embeddings.weight", [vocabSize, width]),
    bias: head.tensor("bias", [vocabSize]),
  };
}

/** Masked language modelling (paper section 3.2): states [batch, L, width] -> logits over the vocabulary [batch, L, V]. */
export function mlmLogits(hidden: Tensor, parameters: MlmParameters, { layerNormEps: eps }: TextConfig): Tensor {
  const { transform, norm, decoder, bias } = parameters;
  return applyMatrix(applyLayerNorm(applyLinear(hidden, transform, { activation: "gelu" }), norm, { eps }), decoder, {
    bias,
  });
}
