import type { Tensor } from "@albef/core";
import type { TextConfig } from "../config.ts";
import { attend } from "../layers/attention.ts";
import { applyLayerNorm } from "../layers/layernorm.ts";
import { applyLinear } from "../layers/linear.ts";
import { applyMlp } from "../layers/mlp.ts";
import { type BertAttentionParameters, type KeysAndValues, keysAndValues } from "./bert-attention.ts";
import { type BertLayerParameters, CROSS_MASK, SELF_MASK } from "./bert-layer.ts";

export interface CachedLayerInputs {
  /** Puts those of the new token, [batch, 1, width], among those of the tokens before it, [batch, S, width]. */
  extend(own: KeysAndValues): KeysAndValues;
  /** f32 [batch, S], 1 = keep: the tokens up to and with the new one. */
  readonly mask: Tensor;
  /** Of the states that the layer's cross-attention reads. */
  readonly source: KeysAndValues;
  /** f32 [batch, source tokens], 1 = keep. */
  readonly sourceMask: Tensor;
}

/** `bertLayer` of a causal decoder for one more token x [batch, 1, width], of whose predecessors keys and values are known. */
export function cachedBertLayer(
  x: Tensor,
  { attention, crossAttention, mlp, norm }: BertLayerParameters,
  { extend, mask, source, sourceMask }: CachedLayerInputs,
  config: TextConfig,
): Tensor {
  if (!crossAttention) throw new TypeError("cachedBertLayer: a decoder's layer has cross-attention");
  const own = extend(keysAndValues(x, attention));
  const self = attended(x, own, attention, { config, mask, maskValue: SELF_MASK });
  const cross = attended(self, source, crossAttention, { config, mask: sourceMask, maskValue: CROSS_MASK });
  return applyLayerNorm(applyMlp(cross, mlp), norm, { eps: config.layerNormEps, residual: cross });
}

interface AttendedOptions {
  readonly config: TextConfig;
  readonly mask: Tensor;
  readonly maskValue: number;
}

function attended(
  x: Tensor,
  { keys, values }: KeysAndValues,
  { query, output, norm }: BertAttentionParameters,
  { config, ...mask }: AttendedOptions,
): Tensor {
  const { context } = attend(applyLinear(x, query), keys, values, {
    ...{ heads: config.numHeads, width: config.hiddenSize },
    ...mask,
  });
  return applyLayerNorm(applyLinear(context, output), norm, { eps: config.layerNormEps, residual: x });
}
