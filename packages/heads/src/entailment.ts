import type { ParameterSource, TextConfig } from "@albef/encoder";
import { type ClassifierParameters, classifierParameters } from "./classifier.ts";

/** What a sentence can be to a picture, in the order of the classes (official ve_dataset.py). */
export const ENTAILMENT_LABELS = ["contradiction", "neutral", "entailment"] as const;

export type EntailmentLabel = (typeof ENTAILMENT_LABELS)[number];

/** `cls_head` of visual entailment; its logits are those of `classifierLogits`. */
export function entailmentParameters(source: ParameterSource, config: TextConfig): ClassifierParameters {
  return classifierParameters(source, config, ENTAILMENT_LABELS.length);
}
