import type { Tensor } from "@albef/core";
import type { VisionConfig } from "../config.ts";
import { type Attend, attend as flashAttend } from "../layers/attention.ts";
import { applyLayerNorm, type LayerNormParameters, layerNormParameters } from "../layers/layernorm.ts";
import { applyLinear, type LinearParameters, linearParameters } from "../layers/linear.ts";
import { applyMlp, type MlpParameters } from "../layers/mlp.ts";
import type { ParameterSource } from "../layers/parameters.ts";

export interface VitBlockParameters {
  readonly norm1: LayerNormParameters;
  /** [3 * width, width]: rows of the queries, then the keys, then the values. */
  readonly qkv: LinearParameters;
  readonly projection: LinearParameters;
  readonly norm2: LayerNormParameters;
  readonly mlp: MlpParameters;
}

export function vitBlockParameters(source: ParameterSource, config: VisionConfig): VitBlockParameters {
  const { hiddenSize: width, intermediateSize } = config;
  return {
    norm1: layerNormParameters(source, "norm1", width),
    qkv: linearParameters(source, "attn.qkv", [3 * width, width]),
    projection: linearParameters(source, "attn.proj", [width, width]),
    norm2: layerNormParameters(source, "norm2", width),
    mlp: {
      up: linearParameters(source, "mlp.fc1", [intermediateSize, width]),
      down: linearParameters(source, "mlp.fc2", [width, intermediateSize]),
    },
  };
}

export interface VitBlockResult {
  /** [batch, tokens, width] */
  readonly hidden: Tensor;
  /** [batch, heads, tokens, tokens]; only where watched. */
  readonly probabilities?: Tensor;
}

/** A pre-norm transformer block (official models/vit.py Block): x [batch, tokens, width] -> the same shape. */
export function vitBlock(
  x: Tensor,
  { norm1, qkv, projection, norm2, mlp }: VitBlockParameters,
  { hiddenSize: width, numHeads, layerNormEps: eps }: VisionConfig,
  attend: Attend = flashAttend,
): VitBlockResult {
  const packed = applyLinear(applyLayerNorm(x, norm1, { eps }), qkv); // [batch, tokens, 3 * width]
  const { context, ...kept } = attend(packed, packed, packed, {
    heads: numHeads,
    width,
    keyOffset: width,
    valueOffset: 2 * width,
  });
  const attended = applyLinear(context, projection, { residual: x });
  return { hidden: applyMlp(applyLayerNorm(attended, norm2, { eps }), mlp, { residual: attended }), ...kept };
}
