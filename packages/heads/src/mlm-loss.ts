import { primitives as p, type Tensor } from "@albef/core";
import { mix, oneHot, softCrossEntropy } from "./cross-entropy.ts";

/** Label of the places that the loss leaves out, as in PyTorch. */
export const IGNORED_LABEL = -100;

export interface MlmTargets {
  /** i32 [batch, L]: the hidden word, IGNORED_LABEL elsewhere. */
  readonly labels: Tensor;
  /** The teacher's logits [batch, L, vocabulary] and the share alpha [] of their softmax in the loss. */
  readonly teacher?: { readonly logits: Tensor; readonly alpha: Tensor };
  /** NaN where no word is hidden, as in the official code. Default: 0. */
  readonly faithful?: boolean;
}

/**
 * Masked language modelling (paper equations 3 and 7): mean over the hidden words of the cross-entropy of logits
 * [batch, L, vocabulary], []. The softmax is over the vocabulary, as in the official code since March 2022.
 */
export function mlmLoss(logits: Tensor, { labels, teacher, faithful = false }: MlmTargets): Tensor {
  const [batch, length, vocabulary] = logits.shape as readonly [number, number, number];
  const rows = batch * length;
  const flat = (x: Tensor) => p.reshape(x, [rows, vocabulary]);
  const words = oneHot(p.reshape(labels, [rows]), vocabulary);
  const hidden = p.reshape(p.sum(words), [rows]); // 1 where a word is hidden
  const found = p.sum(hidden);
  const count = p.reshape(faithful ? found : p.maximum(found, p.fill(found, [1], 1)), []);
  const mean = (losses: Tensor) => p.div(p.reshape(p.sum(p.mul(losses, hidden)), []), count);
  const hard = mean(softCrossEntropy(flat(logits), words));
  if (!teacher) return hard;
  const soft = softCrossEntropy(flat(logits), p.stopGradient(p.softmax(flat(teacher.logits))));
  return mix(hard, mean(soft), teacher.alpha);
}
