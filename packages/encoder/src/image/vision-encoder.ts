import type { Tensor } from "@albef/core";
import type { VisionConfig } from "../config.ts";
import { attend } from "../layers/attention.ts";
import { type BlockRun, called, enter } from "../layers/block-run.ts";
import { applyLayerNorm, type LayerNormParameters, layerNormParameters } from "../layers/layernorm.ts";
import type { ParameterSource } from "../layers/parameters.ts";
import { embedPatches, type PatchEmbeddingParameters, patchEmbeddingParameters } from "./patch-embedding.ts";
import { type VitBlockParameters, vitBlock, vitBlockParameters } from "./vit-block.ts";

export interface VisionParameters {
  readonly embedding: PatchEmbeddingParameters;
  readonly blocks: readonly VitBlockParameters[];
  readonly norm: LayerNormParameters;
}

/** Parameters of the image encoder; `source` is scoped to it (`visual_encoder`). */
export function visionParameters(source: ParameterSource, config: VisionConfig): VisionParameters {
  return {
    embedding: patchEmbeddingParameters(source, config),
    blocks: Array.from({ length: config.numLayers }, (_, i) => vitBlockParameters(source.scope(`blocks.${i}`), config)),
    norm: layerNormParameters(source, "norm", config.hiddenSize),
  };
}

export interface VisionResult {
  /** [batch, tokens, width]; row 0 is the class token. */
  readonly imageEmbeds: Tensor;
  /** The patch embedding, then the output of each block, all before the last LayerNorm. */
  readonly hiddenStates: readonly Tensor[];
  /** Attention of the blocks watched, [batch, heads, tokens, tokens] by block. */
  readonly attentions: ReadonlyMap<number, Tensor>;
}

/**
 * The image encoder (paper section 3.1, official models/vit.py): image f32 [batch, 3, size, size], normalised, size being
 * that of the configuration. How blocks are run: see `BlockRun`.
 */
export function visionEncoder(
  image: Tensor,
  { embedding, blocks, norm }: VisionParameters,
  config: VisionConfig,
  { attendOf = () => attend, around = called, dtype }: Omit<BlockRun, "drop"> = {},
): VisionResult {
  const hiddenStates = [enter(embedPatches(image, embedding, config), { dtype })];
  const attentions = new Map<number, Tensor>();
  for (const [i, block] of blocks.entries()) {
    const { hidden, probabilities } = around((x) => vitBlock(x, block, config, attendOf(i)))(hiddenStates.at(-1)!);
    hiddenStates.push(hidden);
    if (probabilities) attentions.set(i, probabilities);
  }
  const imageEmbeds = applyLayerNorm(hiddenStates.at(-1)!, norm, { eps: config.layerNormEps });
  return { imageEmbeds, hiddenStates, attentions };
}
