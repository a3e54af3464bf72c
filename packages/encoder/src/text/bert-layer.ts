import type { Tensor } from "@albef/core";
import type { TextConfig } from "../config.ts";
import { keepAll } from "../layers/block-run.ts";
import { applyLayerNorm, type LayerNormParameters, layerNormParameters } from "../layers/layernorm.ts";
import { linearParameters } from "../layers/linear.ts";
import { applyMlp, type MlpParameters } from "../layers/mlp.ts";
import type { ParameterSource } from "../layers/parameters.ts";
import {
  type BertAttentionParameters,
  type BertLayerOptions,
  bertAttention,
  bertAttentionParameters,
  type KeysAndValues,
  type KeyValueParameters,
} from "./bert-attention.ts";

/** What the official code adds to the scores of masked keys, in self-attention and in cross-attention. */
export const SELF_MASK = -10000;
export const CROSS_MASK = -1e9;

export interface BertLayerParameters {
  readonly attention: BertAttentionParameters;
  /** From the fusion layer on. */
  readonly crossAttention?: BertAttentionParameters;
  readonly mlp: MlpParameters;
  readonly norm: LayerNormParameters;
}

/**
 * Parameters of layer `index`; `source` is scoped to the BERT encoder (`text_encoder.bert`, in fine-tuned models
 * `text_encoder`). `shared`: keys and values of another layer's cross-attention, used in place of its own.
 */
export function bertLayerParameters(
  source: ParameterSource,
  config: TextConfig,
  index: number,
  shared?: KeyValueParameters,
): BertLayerParameters {
  const { hiddenSize: width, intermediateSize, encoderWidth, fusionLayer } = config;
  const layer = source.scope(`encoder.layer.${index}`);
  return {
    attention: bertAttentionParameters(layer.scope("attention"), config, width),
    ...(index >= fusionLayer && {
      crossAttention: bertAttentionParameters(layer.scope("crossattention"), config, encoderWidth, shared),
    }),
    mlp: {
      up: linearParameters(layer, "intermediate.dense", [intermediateSize, width]),
      down: linearParameters(layer, "output.dense", [width, intermediateSize]),
    },
    norm: layerNormParameters(layer, "output.LayerNorm", width),
  };
}

export interface BertLayerInputs {
  /** f32 [batch, L], 1 = keep. */
  readonly attentionMask: Tensor;
  /** Self-attention looks back only, as in the answer decoder. */
  readonly causal?: boolean;
  /** [batch, S, encoder width], read by layers with cross-attention; or what this layer makes of them. */
  readonly encoderStates?: Tensor | KeysAndValues;
  /** f32 [batch, S], 1 = keep; absent: all are kept. */
  readonly encoderMask?: Tensor;
}

export interface BertLayerResult {
  /** [batch, L, width] */
  readonly hidden: Tensor;
  /** [batch, heads, L, L]; only where watched. */
  readonly selfProbabilities?: Tensor;
  /** [batch, heads, L, S]; only where watched. */
  readonly crossProbabilities?: Tensor;
}

/** A post-norm BERT layer, with cross-attention where it has the parameters for it (official models/xbert.py BertLayer). */
export function bertLayer(
  x: Tensor,
  { attention, crossAttention, mlp, norm }: BertLayerParameters,
  { attentionMask, causal, encoderStates, encoderMask }: BertLayerInputs,
  options: BertLayerOptions,
): BertLayerResult {
  const itself = { states: x, mask: attentionMask, maskValue: SELF_MASK, causal };
  const self = bertAttention(x, itself, attention, options);
  if (crossAttention && !encoderStates)
    throw new TypeError("bertLayer: a layer with cross-attention needs encoderStates");
  const cross =
    crossAttention && encoderStates
      ? bertAttention(
          self.hidden,
          { states: encoderStates, mask: encoderMask, maskValue: CROSS_MASK },
          crossAttention,
          options,
        )
      : undefined;
  const attended = cross?.hidden ?? self.hidden;
  const { config, drop = keepAll } = options;
  return {
    hidden: applyLayerNorm(drop(applyMlp(attended, mlp)), norm, { eps: config.layerNormEps, residual: attended }),
    ...(self.probabilities && { selfProbabilities: self.probabilities }),
    ...(cross?.probabilities && { crossProbabilities: cross.probabilities }),
  };
}
