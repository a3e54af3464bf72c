import { primitives as p, type Tensor } from "@albef/core";
import type { ParameterSource, TextConfig } from "@albef/encoder";
import { type ClassifierParameters, classifierParameters } from "./classifier.ts";

/** What a statement is about two images, in the order of the classes (official nlvr_dataset.py). */
export const NLVR_LABELS = ["False", "True"] as const;

/** `cls_head` of NLVR2; its logits [batch, 2] are those of `classifierLogits` over the output of the two-image encoder. */
export function nlvrParameters(source: ParameterSource, config: TextConfig): ClassifierParameters {
  return classifierParameters(source, config, NLVR_LABELS.length);
}

/** All first images, then all second ones, [2 batch, tokens, width] -> the two halves. */
export function imageHalves(imageEmbeds: Tensor): readonly [Tensor, Tensor] {
  const [both, tokens, width] = imageEmbeds.shape as readonly [number, number, number];
  const size = [both / 2, tokens, width];
  return [p.slice(imageEmbeds, [0, 0, 0], size), p.slice(imageEmbeds, [both / 2, 0, 0], size)];
}
