import type { Tensor } from "@albef/core";
import type { TextConfig } from "./config.ts";
import type { BlockRun } from "./layers/block-run.ts";
import type { ParameterSource } from "./layers/parameters.ts";
import { type KeysAndValues, keysAndValues } from "./text/bert-attention.ts";
import { type BertLayers, type BertStackResult, bertLayersParameters, bertStack } from "./text/bert-stack.ts";

/** Parameters of the multimodal encoder; `source` is scoped to the BERT (`text_encoder.bert`, in fine-tuned models `text_encoder`). */
export function fusionParameters(source: ParameterSource, config: TextConfig): BertLayers {
  return bertLayersParameters(source, config, { begin: config.fusionLayer, end: config.numLayers });
}

export interface FusionInputs {
  /** [batch, L, width], from the text encoder. */
  readonly textEmbeds: Tensor;
  /** f32 [batch, L], 1 = keep. */
  readonly attentionMask: Tensor;
  /**
   * [batch, image tokens, encoder width], from the image encoder, or `imageKeys` of it; of a batch of 1 all texts see the
   * one image.
   */
  readonly imageEmbeds: Tensor | ImageKeys;
  /** f32 [batch, image tokens], 1 = keep; absent: all, as in ALBEF. */
  readonly imageMask?: Tensor;
}

/** Keys and values of an image by layer, [batch, image tokens, width] each. */
export type ImageKeys = ReadonlyMap<number, KeysAndValues>;

/** What the cross-attention of each layer makes of an image. It does not depend on the text: a picture needs it once. */
export function imageKeys(imageEmbeds: Tensor, layers: BertLayers): ImageKeys {
  return new Map(
    [...layers].map(([number, { crossAttention }]) => {
      if (!crossAttention) throw new TypeError(`imageKeys: layer ${number} has no cross-attention`);
      return [number, keysAndValues(imageEmbeds, crossAttention)];
    }),
  );
}

export interface FusionResult extends Omit<BertStackResult, "hidden"> {
  /** [batch, L, width]; row 0 is [CLS]. */
  readonly fusionEmbeds: Tensor;
}

/**
 * The multimodal encoder: text states attend to image tokens in every layer from the fusion layer on (paper section 3.1,
 * mode `fusion` of official models/xbert.py). `run`: how the layers are run, by their
 * numbers in the whole BERT.
 */
export function fusionEncoder(
  { textEmbeds, attentionMask, imageEmbeds, imageMask }: FusionInputs,
  layers: BertLayers,
  config: TextConfig,
  run: BlockRun = {},
): FusionResult {
  const { hidden, ...rest } = bertStack(
    textEmbeds,
    layers,
    { attentionMask, encoderStates: imageEmbeds, ...(imageMask && { encoderMask: imageMask }) },
    { config, ...run },
  );
  return { fusionEmbeds: hidden, ...rest };
}
