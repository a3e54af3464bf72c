import { categorical, primitives as p, type Tensor } from "@albef/core";
import { meanOf, oneHot, softCrossEntropy } from "./cross-entropy.ts";

const EXCLUDED = -1e30;

/**
 * Chances of each in-batch partner to be a hard negative (paper section 3.2): softmax of similarities [batch, batch], 0
 * where `positives` [batch, batch] is 1. Excluded partners are left out before the softmax, so a row in which the
 * positive takes all of the mass still has a negative; the proportions are those of the official code.
 */
export function hardNegativeWeights(similarities: Tensor, positives: Tensor): Tensor {
  const open = p.add(p.neg(positives), 1);
  return p.stopGradient(p.mul(p.softmax(p.add(similarities, p.mul(positives, EXCLUDED))), open));
}

/** As the official code has it: softmax over all partners, then 0 for the positives, rows not summing to 1. */
export function officialNegativeWeights(similarities: Tensor, positives: Tensor): Tensor {
  return p.stopGradient(p.mul(p.softmax(similarities), p.add(p.neg(positives), 1)));
}

/** Every other partner alike: the ablation without hard negatives. */
export function uniformNegativeWeights(positives: Tensor): Tensor {
  return p.stopGradient(p.add(p.neg(positives), 1));
}

/** One partner i32 [batch] per row of weights [batch, batch], by uniforms [batch] in [0, 1). */
export function sampleNegatives(weights: Tensor, uniforms: Tensor): Tensor {
  return categorical(weights, uniforms);
}

/** Items of x [batch, ...] at indices i32 [count] -> [count, ...]; gradients flow back to the items. */
export function takeItems(x: Tensor, indices: Tensor): Tensor {
  const [batch, ...rest] = x.shape as readonly [number, ...number[]];
  const width = rest.reduce((product, extent) => product * extent, 1);
  return p.reshape(p.gather(p.reshape(x, [batch, width]), indices), [indices.shape[0]!, ...rest]);
}

/** Image-text matching: logits [rows, 2] of `positives` matching pairs, then of pairs that do not match -> []. */
export function itmLoss(logits: Tensor, positives: number): Tensor {
  const rows = logits.shape[0]!;
  const place = p.iota(logits, [rows], 0);
  const labels = p.cast(p.greater(p.fill(place, [rows], positives - 0.5), place), "i32");
  return meanOf(softCrossEntropy(logits, oneHot(labels, 2)));
}
