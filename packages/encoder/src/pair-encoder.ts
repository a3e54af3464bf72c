import type { Tensor } from "@albef/core";
import type { TextConfig } from "./config.ts";
import { fusionParameters } from "./fusion-encoder.ts";
import { attend } from "./layers/attention.ts";
import { type BlockRun, called } from "./layers/block-run.ts";
import type { ParameterSource } from "./layers/parameters.ts";
import { pairConfig } from "./official-models.ts";
import { type BertLayerParameters, bertLayer, bertLayerParameters } from "./text/bert-layer.ts";

/**
 * What the two layers of a pair share (the paper's ablation of NLVR2): nothing; the keys and values of cross-attention, as
 * in the official code; or the whole block, which is then the pre-trained layer, run once for each image.
 */
export type PairSharing = "none" | "cross-attention" | "block";

export interface PairOptions {
  /** Default: cross-attention. */
  readonly sharing?: PairSharing | undefined;
}

/** The fusion layers of the two-image encoder in the order they run: for the first image, for the second, and so on. */
export type PairLayers = readonly BertLayerParameters[];

/**
 * Parameters of the two-image encoder; `source` is scoped to the BERT. Every fusion layer j of `config` is there twice, as
 * layers F + 2 (j - F) and the next (official model_nlvr.py); what they share goes by the name of the first.
 */
export function pairParameters(
  source: ParameterSource,
  config: TextConfig,
  { sharing = "cross-attention" }: PairOptions = {},
): PairLayers {
  if (sharing === "block") return [...fusionParameters(source, config).values()].flatMap((layer) => [layer, layer]);
  const whole = pairConfig(config);
  const layers: BertLayerParameters[] = [];
  for (let number = config.fusionLayer; number < whole.numLayers; number += 2) {
    const first = bertLayerParameters(source, whole, number);
    const shared = sharing === "none" ? undefined : first.crossAttention;
    layers.push(first, bertLayerParameters(source, whole, number + 1, shared));
  }
  return layers;
}

export interface PairInputs {
  /** [batch, L, width], from the text encoder. */
  readonly textEmbeds: Tensor;
  /** f32 [batch, L], 1 = keep. */
  readonly attentionMask: Tensor;
  /** Two times [batch, image tokens, encoder width], from the image encoder. */
  readonly imageEmbeds: readonly [Tensor, Tensor];
}

/**
 * The multimodal encoder over two images (paper section 4.4): its layers attend to the first and to the second image by
 * turns. Gives [batch, L, width]; row 0 is [CLS].
 */
export function pairEncoder(
  { textEmbeds, attentionMask, imageEmbeds }: PairInputs,
  layers: PairLayers,
  config: TextConfig,
  { drop, attendOf = () => attend, around = called }: BlockRun = {},
): Tensor {
  return layers.reduce((hidden, layer, i) => {
    const inputs = { attentionMask, encoderStates: imageEmbeds[i % 2]! };
    const options = { config, drop, attend: attendOf(config.fusionLayer + i) };
    return around((x) => bertLayer(x, layer, inputs, options))(hidden).hidden;
  }, textEmbeds);
}
