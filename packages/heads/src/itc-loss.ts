import { primitives as p, type Tensor } from "@albef/core";
import { meanOf, mix, softCrossEntropy } from "./cross-entropy.ts";

/** Row b points at column b: [batch, columns], the batch's own features standing in front of the queue. */
export function pairTargets(like: Tensor, batch: number, columns: number): Tensor {
  const shape = [batch, columns];
  return p.equal(p.iota(like, shape, 0, "i32"), p.iota(like, shape, 1, "i32"));
}

/**
 * Targets that several captions of one image share: ids i32 [batch] and allIds i32 [columns] (the batch, then the queue)
 * -> [batch, columns], equal parts wherever the ids are equal (official model_retrieval.py).
 */
export function sharedTargets(ids: Tensor, allIds: Tensor): Tensor {
  const shape = [ids.shape[0]!, allIds.shape[0]!];
  const own = p.broadcastTo(p.reshape(ids, [shape[0]!, 1]), shape);
  const equal = p.equal(own, p.broadcastTo(p.reshape(allIds, [1, shape[1]!]), shape));
  return p.div(equal, p.sum(equal));
}

/** The teacher's softmax over the similarities [batch, columns], mixed with `targets` by alpha [] (paper equation 6). */
export function softenedTargets(teacherSimilarities: Tensor, targets: Tensor, alpha: Tensor): Tensor {
  return p.stopGradient(mix(targets, p.softmax(teacherSimilarities), alpha));
}

export interface ContrastiveSide {
  /** [batch, columns], divided by the temperature. */
  readonly similarities: Tensor;
  /** [batch, columns], rows that sum to 1. */
  readonly targets: Tensor;
}

/**
 * Image-text contrast (paper equation 1): half the mean soft cross-entropy of both directions, []. As in the official
 * code this is a cross-entropy, not a KL divergence; the gradient is the same.
 */
export function itcLoss(imageToText: ContrastiveSide, textToImage: ContrastiveSide): Tensor {
  const one = ({ similarities, targets }: ContrastiveSide) => meanOf(softCrossEntropy(similarities, targets));
  return p.mul(p.add(one(imageToText), one(textToImage)), 0.5);
}
