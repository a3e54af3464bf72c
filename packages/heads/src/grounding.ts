import { gradients, primitives as p, type Tensor } from "@albef/core";
import {
  type AlbefConfig,
  type BertLayers,
  type FusionInputs,
  fusionEncoder,
  type LinearParameters,
  type VisionParameters,
  visionEncoder,
  watchAttention,
} from "@albef/encoder";
import { itcFeatures } from "./itc.ts";
import { ITM_MATCH, itmLogits } from "./itm.ts";

/** What one attention layer looks at, and how much the score rests on it (Selvaraju et al. 2017, Grad-CAM). */
export interface AttentionCam {
  /** [batch, heads, rows, image tokens]: probabilities, class token first. */
  readonly attention: Tensor;
  /** The score's gradient with respect to them. */
  readonly gradient: Tensor;
  /** attention * max(gradient, 0) without the class token's column: [batch, heads, rows, patches]. */
  readonly cam: Tensor;
}

export interface MatchCam extends AttentionCam {
  /** ITM logits [batch, 2]. */
  readonly logits: Tensor;
}

export interface MatchCamOptions {
  readonly layers: BertLayers;
  readonly itm: LinearParameters;
  readonly config: AlbefConfig;
  /** Number of the fusion layer in the whole BERT; official: 8 of 6 to 11. */
  readonly layer: number;
}

/**
 * Where each token of a text looks, weighed by the matching score: cross-attention of a fusion layer, one row per token,
 * 0 in padded rows (paper section 4.5; official Grounding.py, mode `itm`).
 */
export function matchCam(inputs: FusionInputs, { layers, itm, config, layer }: MatchCamOptions): MatchCam {
  if (!layers.has(layer)) {
    throw new RangeError(`grounding: layer must be a fusion layer, ${[...layers.keys()].join(", ")}, got ${layer}`);
  }
  const { fusionEmbeds, crossAttentions } = fusionEncoder(inputs, layers, config.text, {
    attendOf: watchAttention([layer]),
  });
  const logits = itmLogits(fusionEmbeds, itm);
  const score = total(p.slice(logits, [0, ITM_MATCH], [logits.shape[0]!, 1]));
  const attention = crossAttentions.get(layer)!;
  const gradient = gradients(score, [attention])[0]!;
  const [batch, , length] = attention.shape as readonly [number, number, number];
  const mask = p.reshape(inputs.attentionMask, [batch, 1, length, 1]);
  return { logits, attention, gradient, cam: p.mul(camOf(attention, gradient), mask) };
}

export interface ContrastCam extends AttentionCam {
  /** Similarity of each image with its text, divided by the temperature: [batch]. */
  readonly similarities: Tensor;
}

export interface ContrastCamInputs {
  /** f32 [batch, 3, size, size] */
  readonly image: Tensor;
  /** Unit vectors [batch, embedDim]. */
  readonly textFeatures: Tensor;
  readonly temperature: Tensor;
}

export interface ContrastCamOptions {
  readonly vision: VisionParameters;
  readonly projection: LinearParameters;
  readonly config: AlbefConfig;
  /** Number of the image encoder's block; official: 8 of 0 to 11. */
  readonly layer: number;
}

/**
 * Where the image encoder's class token looks, weighed by the contrastive similarity with a text: one row
 * (official Grounding.py, mode `itc`).
 */
export function contrastCam(
  { image, textFeatures, temperature }: ContrastCamInputs,
  { vision, projection, config, layer }: ContrastCamOptions,
): ContrastCam {
  if (!vision.blocks[layer]) {
    throw new RangeError(`grounding: layer must be a block, 0 to ${vision.blocks.length - 1}, got ${layer}`);
  }
  const { imageEmbeds, attentions } = visionEncoder(image, vision, config.vision, {
    attendOf: watchAttention([layer]),
  });
  const products = p.mul(itcFeatures(imageEmbeds, projection), textFeatures);
  const similarities = p.reshape(p.div(p.sum(products), temperature), [image.shape[0]!]);
  const all = attentions.get(layer)!;
  const [batch, heads, tokens] = all.shape as readonly [number, number, number];
  const ofClass = (x: Tensor) => p.slice(x, [0, 0, 0, 0], [batch, heads, 1, tokens]);
  const attention = ofClass(all);
  const gradient = ofClass(gradients(total(similarities), [all])[0]!);
  return { similarities, attention, gradient, cam: camOf(attention, gradient) };
}

/** The sum of all elements, []: one backward pass serves a batch whose items do not touch each other. */
function total(x: Tensor): Tensor {
  const axes = x.shape.map((_, axis) => axis);
  return p.cast(p.reshape(p.sum(x, axes), []), "f32");
}

function camOf(attention: Tensor, gradient: Tensor): Tensor {
  const positive = p.maximum(gradient, p.fill(gradient, gradient.shape, 0, gradient.dtype));
  return patchesOf(p.mul(attention, positive));
}

/** Without the class token's column: [batch, heads, rows, tokens] -> [batch, heads, rows, tokens - 1]. */
function patchesOf(x: Tensor): Tensor {
  const [batch, heads, rows, tokens] = x.shape as readonly [number, number, number, number];
  return p.slice(x, [0, 0, 0, 1], [batch, heads, rows, tokens - 1]);
}
