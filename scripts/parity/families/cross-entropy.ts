import { primitives as p, type Tensor } from "@albef/core";

const IGNORED = -100;

/** Cross-entropy with labels f32 [rows]; rows labelled -100 count for nothing. */
export function hardCrossEntropy(logits: Tensor, labels: Tensor): { readonly perRow: Tensor; readonly mean: Tensor } {
  const [rows, classes] = logits.shape as readonly [number, number];
  const column = p.reshape(labels, [rows, 1]);
  const oneHot = p.equal(p.iota(logits, [rows, classes], 1), p.broadcastTo(column, [rows, classes]));
  const perRow = p.reshape(softCrossEntropy(logits, oneHot), [rows]);
  const counted = p.greater(labels, p.fill(labels, [rows], IGNORED));
  return { perRow, mean: p.reshape(p.div(p.sum(perRow), p.sum(counted)), []) };
}

/** -sum of soft * log_softmax(logits) over the last axis: [rows, classes] -> [rows, 1]. */
export function softCrossEntropy(logits: Tensor, soft: Tensor): Tensor {
  return p.neg(p.sum(p.mul(soft, p.logSoftmax(logits))));
}
