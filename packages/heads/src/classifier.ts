import { crossEntropy, type Tensor } from "@albef/core";
import {
  applyLinear,
  type LinearParameters,
  linearParameters,
  type ParameterSource,
  type TextConfig,
} from "@albef/encoder";
import { clsToken } from "./cls-token.ts";
import { meanOf } from "./cross-entropy.ts";

export interface ClassifierParameters {
  /** [width, width] */
  readonly hidden: LinearParameters;
  /** [classes, width] */
  readonly output: LinearParameters;
}

/** `cls_head`: Linear, ReLU, Linear; the classifier of visual entailment and of image pairs. */
export function classifierParameters(
  source: ParameterSource,
  { hiddenSize: width }: TextConfig,
  classes: number,
): ClassifierParameters {
  return {
    hidden: linearParameters(source, "cls_head.0", [width, width]),
    output: linearParameters(source, "cls_head.2", [classes, width]),
  };
}

/** Output of the multimodal encoder [batch, L, width] -> logits [batch, classes], from [CLS] (official model_ve.py). */
export function classifierLogits(fusionEmbeds: Tensor, { hidden, output }: ClassifierParameters): Tensor {
  return applyLinear(applyLinear(clsToken(fusionEmbeds), hidden, { activation: "relu" }), output);
}

export interface ClassifierTargets {
  /** i32 [batch] */
  readonly labels: Tensor;
  /** The teacher's logits [batch, classes] and the share alpha [] of their softmax in the loss. */
  readonly teacher?: { readonly logits: Tensor; readonly alpha: Tensor };
}

/** Mean cross-entropy, [], of logits [batch, classes] with momentum distillation (paper section 3.4; official model_ve.py). */
export function classifierLoss(logits: Tensor, { labels, teacher }: ClassifierTargets): Tensor {
  return meanOf(crossEntropy(logits, { labels, ...(teacher && { teacher: teacher.logits, alpha: teacher.alpha }) }));
}
