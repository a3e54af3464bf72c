import { apply } from "../graph/apply.ts";
import type { PrimitiveSet } from "../graph/primitive-set.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Vjp } from "../op.ts";
import { lastDim } from "../shape.ts";
import type { AttentionAttrs } from "./attention.wgsl.ts";
import { type DropoutAttrs, dropoutOp } from "./dropout.ts";
import { pad } from "./pad.ts";
import { mergeHeads, splitHeads } from "./snippets/attention-heads.ts";
import { attentionScores } from "./snippets/attention-scores.ts";

/**
 * P = exp(S - lse); dV = Pᵀ dO; dS = P * (dO Vᵀ - rowsum(dO * O) + dlse). As in the official code, a mask does not stop
 * the gradient: where it is masked P is 0, save in rows whose keys are all masked.
 */
export const attentionVjp: Vjp<"query" | "key" | "value", "mask" | "seed", AttentionAttrs & Partial<DropoutAttrs>> = (
  p,
  { inputs, outputs, grads },
  attrs,
) => {
  const { query, key, value, seed } = inputs;
  const { dropped } = attrs;
  const drop = (x: Tensor) => (seed && dropped ? apply(dropoutOp, { x, seed }, { dropped })[0]! : x);
  const [context, logSumExp] = outputs as readonly [Tensor, Tensor];
  const rows = [...logSumExp.shape, 1]; // [batch, heads, L, 1]
  const dContext = grads[0] ?? p.fill(context, context.shape, 0);
  const probabilities = p.exp(p.sub(attentionScores(p, inputs, attrs), p.reshape(logSumExp, rows)));
  const dO = splitHeads(p, dContext, attrs);
  const dP = drop(p.matmul(dO, splitHeads(p, value, attrs, attrs.valueOffset), { transposeB: true }));
  const rowSum = p.sum(p.mul(dO, splitHeads(p, context, attrs)));
  const shift = grads[1] ? p.sub(rowSum, p.reshape(grads[1], rows)) : rowSum;
  const dS = p.mul(p.mul(probabilities, p.sub(dP, shift)), attrs.scale);
  const dQ = p.matmul(dS, splitHeads(p, key, attrs, attrs.keyOffset));
  const dK = p.matmul(dS, splitHeads(p, query, attrs, attrs.queryOffset), { transposeA: true });
  const dV = p.matmul(drop(probabilities), dO, { transposeA: true });
  return {
    query: packHeads(p, dQ, query, attrs.queryOffset),
    key: packHeads(p, dK, key, attrs.keyOffset),
    value: packHeads(p, dV, value, attrs.valueOffset),
    mask: null,
    seed: null,
  };
};

/** A gradient per head put where the heads lie in the packed rows of `like`, zeros elsewhere. */
function packHeads(p: PrimitiveSet, x: Tensor, like: Tensor, offset: number): Tensor {
  const rows = mergeHeads(p, x);
  const after = lastDim(like) - offset - lastDim(rows);
  const packed = offset === 0 && after === 0 ? rows : pad(rows, [0, 0, offset], [0, 0, after]);
  return p.cast(packed, like.dtype);
}
