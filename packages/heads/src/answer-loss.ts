import { crossEntropy, primitives as p, type Tensor } from "@albef/core";
import { IGNORED_LABEL } from "./mlm-loss.ts";

/** The word that each place is to say: i32 ids and f32 mask [answers, L] -> i32 [answers, L], IGNORED_LABEL for padding. */
export function answerTargets(answerIds: Tensor, answerMask: Tensor): Tensor {
  const kept = p.mul(p.sub(p.cast(answerIds, "f32"), IGNORED_LABEL), answerMask); // ids are exact in f32
  return p.cast(p.add(kept, IGNORED_LABEL), "i32");
}

export interface AnswerTargets {
  /** i32 [answers, L], of `answerTargets`. */
  readonly targets: Tensor;
  /** The teacher's logits [answers, L - 1, V] and the share alpha [] of their softmax in the loss. */
  readonly teacher?: { readonly logits: Tensor; readonly alpha: Tensor };
}

/**
 * Loss of each answer, [answers]: the sum over its tokens after [CLS] of the cross-entropy of logits [answers, L - 1, V]
 * (the places `withoutLast`), with momentum distillation over the vocabulary (official xbert.py BertLMHeadModel).
 */
export function answerLosses(logits: Tensor, { targets, teacher }: AnswerTargets): Tensor {
  const [answers, steps, vocabulary] = logits.shape as readonly [number, number, number];
  const flat = (x: Tensor) => p.reshape(x, [answers * steps, vocabulary]);
  const labels = p.reshape(p.slice(targets, [0, 1], [answers, steps]), [answers * steps]);
  const distilled = teacher && { teacher: flat(teacher.logits), alpha: teacher.alpha };
  const losses = crossEntropy(flat(logits), { labels, ...distilled });
  return p.reshape(p.sum(p.reshape(losses, [answers, steps])), [answers]);
}

/** The losses [answers] by their answers' weights [answers], summed and divided by the number of pictures: []. */
export function answerLoss(losses: Tensor, weights: Tensor, pictures: number): Tensor {
  return p.reshape(p.mul(p.sum(p.mul(losses, weights)), 1 / pictures), []);
}
