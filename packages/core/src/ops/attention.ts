import { apply } from "../graph/apply.ts";
import type { PrimitiveSet } from "../graph/primitive-set.ts";
import type { Tensor } from "../graph/tensor.ts";
import { type Cotangents, defineFused, type InputGrads } from "../op.ts";
import { expectShape } from "../shape.ts";
import { type AttentionAttrs, attentionKernel } from "./attention.wgsl.ts";
import { expectHeads, expectSameBatch, mergeHeads, packHeads, splitHeads } from "./snippets/attention-heads.ts";
import { attentionScores, expectScoreOperands, type ScoreOptions, scoreAttrs } from "./snippets/attention-scores.ts";

/**
 * Multi-head attention that never writes the L x S scores (Dao et al. 2022, arXiv 2205.14135).
 * Outputs the context [batch, L, heads * headDim] and, for the backward, the log-sum-exp of the scores
 * [batch, heads, L] in f32, without the mask value in rows whose keys are all masked.
 */
export const attentionOp = defineFused<"query" | "key" | "value", "mask", AttentionAttrs>({
  name: "attention",
  inputs: ["query", "key", "value"],
  optional: ["mask"],

  infer(inputs, attrs) {
    const { query, key, value } = inputs;
    expectScoreOperands("attention", inputs, attrs);
    expectHeads("attention", "value", value, { ...attrs, offset: attrs.valueOffset });
    expectSameBatch("attention", "value", value, query);
    expectShape("attention", "value", value, [key.shape[0]!, key.shape[1]!, value.shape[2]!]);
    const [batch, tokens] = query.shape as readonly [number, number];
    return [
      { dtype: query.dtype, shape: [batch, tokens, attrs.heads * attrs.headDim] },
      { dtype: "f32", shape: [batch, attrs.heads, tokens] },
    ];
  },

  define(p, inputs, attrs) {
    const { query, value } = inputs;
    const scores = attentionScores(p, inputs, attrs);
    const top = p.max(scores);
    const exponents = p.exp(p.sub(scores, top));
    const total = p.sum(exponents);
    const context = p.matmul(p.div(exponents, total), splitHeads(p, value, attrs, attrs.valueOffset));
    const logSumExp = p.add(top, p.log(total));
    return [
      p.cast(mergeHeads(p, context), query.dtype),
      p.reshape(logSumExp, [query.shape[0]!, attrs.heads, query.shape[1]!]),
    ];
  },

  vjp: attentionGradient,

  flops: ({ inputs, outputs }, { headDim }) =>
    4 * inputs.key.shape[1]! * headDim * outputs[1]!.shape.reduce((product, extent) => product * extent, 1),
  lower: ({ inputs, outputs }, attrs, adapter) => attentionKernel({ inputs, outputs }, attrs, adapter),
});

type Inputs = "query" | "key" | "value";

/**
 * P = exp(S - lse); dV = Pᵀ dO; dS = P * (dO Vᵀ - rowsum(dO * O) + dlse). As in the official code, a mask does not stop
 * the gradient: where it is masked P is 0, save in rows whose keys are all masked.
 */
function attentionGradient(
  p: PrimitiveSet,
  { inputs, outputs, grads }: Cotangents<Inputs, "mask">,
  attrs: AttentionAttrs,
): InputGrads<Inputs, "mask"> {
  const { query, key, value } = inputs;
  const [context, logSumExp] = outputs as readonly [Tensor, Tensor];
  const rows = [...logSumExp.shape, 1]; // [batch, heads, L, 1]
  const dContext = grads[0] ?? p.fill(context, context.shape, 0);
  const probabilities = p.exp(p.sub(attentionScores(p, inputs, attrs), p.reshape(logSumExp, rows)));
  const dO = splitHeads(p, dContext, attrs);
  const dP = p.matmul(dO, splitHeads(p, value, attrs, attrs.valueOffset), { transposeB: true });
  const rowSum = p.sum(p.mul(dO, splitHeads(p, context, attrs)));
  const shift = grads[1] ? p.sub(rowSum, p.reshape(grads[1], rows)) : rowSum;
  const dS = p.mul(p.mul(probabilities, p.sub(dP, shift)), attrs.scale);
  const dQ = p.matmul(dS, splitHeads(p, key, attrs, attrs.keyOffset));
  const dK = p.matmul(dS, splitHeads(p, query, attrs, attrs.queryOffset), { transposeA: true });
  const dV = p.matmul(probabilities, dO, { transposeA: true });
  return {
    query: packHeads(p, dQ, query, attrs.queryOffset),
    key: packHeads(p, dK, key, attrs.keyOffset),
    value: packHeads(p, dV, value, attrs.valueOffset),
    mask: null,
  };
}

export interface AttentionOptions extends ScoreOptions {
  /** Where the heads begin in the last axis of `value`, for packed rows. Default 0. */
  readonly valueOffset?: number;
}

/**
 * Attention of query [batch, L, *] over key and value [batch, S, *] -> [batch, L, heads * headDim], f32 accumulation.
 * Packed rows: give one tensor [batch, tokens, 3 * width] three times, with offsets 0, width and 2 * width.
 */
export function attention(query: Tensor, key: Tensor, value: Tensor, options: AttentionOptions): Tensor {
  const { mask, valueOffset = 0 } = options;
  const attrs = { ...scoreAttrs(options), valueOffset };
  return apply(attentionOp, { query, key, value, ...(mask && { mask }) }, attrs)[0]!;
}
