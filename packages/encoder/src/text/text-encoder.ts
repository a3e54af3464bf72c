import type { Tensor } from "@albef/core";
import type { TextConfig } from "../config.ts";
import { type BlockRun, enter } from "../layers/block-run.ts";
import type { ParameterSource } from "../layers/parameters.ts";
import { type BertEmbeddingParameters, bertEmbeddingParameters, embedTokens } from "./bert-embeddings.ts";
import { type BertLayers, type BertStackResult, bertLayersParameters, bertStack } from "./bert-stack.ts";

export interface TextParameters {
  readonly embeddings: BertEmbeddingParameters;
  readonly layers: BertLayers;
}

/** Parameters of the text encoder; `source` is scoped to the BERT (`text_encoder.bert`, in fine-tuned models `text_encoder`). */
export function textParameters(source: ParameterSource, config: TextConfig): TextParameters {
  return {
    embeddings: bertEmbeddingParameters(source.scope("embeddings"), config),
    layers: bertLayersParameters(source, config, { begin: 0, end: config.fusionLayer }),
  };
}

export interface TextInputs {
  /** i32 [batch, L], at most `maxPositions` long. */
  readonly inputIds: Tensor;
  /** f32 [batch, L], 1 = keep. */
  readonly attentionMask: Tensor;
}

export interface TextResult extends Omit<BertStackResult, "hidden" | "crossAttentions"> {
  /** [batch, L, width]; row 0 is [CLS]. */
  readonly textEmbeds: Tensor;
  /** The sum of embeddings after its LayerNorm. */
  readonly embeddings: Tensor;
}

/**
 * The text encoder: embeddings and the layers before the fusion layer (paper section 3.1, mode `text` of official
 * models/xbert.py). `run`: how the layers are run.
 */
export function textEncoder(
  { inputIds, attentionMask }: TextInputs,
  parameters: TextParameters,
  config: TextConfig,
  run: BlockRun = {},
): TextResult {
  const embeddings = enter(embedTokens(inputIds, parameters.embeddings, config), run);
  const { hidden, hiddenStates, selfAttentions } = bertStack(
    embeddings,
    parameters.layers,
    { attentionMask },
    { config, ...run },
  );
  return { textEmbeds: hidden, embeddings, hiddenStates, selfAttentions };
}
