import { apply } from "../graph/apply.ts";
import type { Tensor } from "../graph/tensor.ts";
import { defineFused } from "../op.ts";
import { expectShape } from "../shape.ts";
import { type AttentionAttrs, attentionKernel } from "./attention.wgsl.ts";
import { expectHeads, expectSameBatch, mergeHeads, splitHeads } from "./snippets/attention-heads.ts";
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

  flops: ({ inputs, outputs }, { headDim }) =>
    4 * inputs.key.shape[1]! * headDim * outputs[1]!.shape.reduce((product, extent) => product * extent, 1),
  lower: ({ inputs, outputs }, attrs, adapter) => attentionKernel({ inputs, outputs }, attrs, adapter),
});

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
