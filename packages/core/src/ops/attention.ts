import { apply } from "../graph/apply.ts";
import type { PrimitiveSet } from "../graph/primitive-set.ts";
import type { Tensor } from "../graph/tensor.ts";
import { defineFused, type Operands } from "../op.ts";
import { expectShape } from "../shape.ts";
import { elementCount } from "../spec.ts";
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

  define: (p, inputs, attrs) => attend(p, inputs, attrs, (probabilities) => probabilities),
  flops: ({ inputs, outputs }, { headDim }) => 4 * inputs.key.shape[1]! * headDim * elementCount(outputs[1]!.shape),
  lower: ({ inputs, outputs }, attrs, adapter) => attentionKernel({ inputs, outputs }, attrs, adapter),
});

/** The meaning of attention; `weigh` is what becomes of the probabilities [batch, heads, L, S] before they meet the values. */
export function attend(
  p: PrimitiveSet,
  inputs: Operands<"query" | "key" | "value", "mask", Tensor>,
  attrs: AttentionAttrs,
  weigh: (probabilities: Tensor) => Tensor,
): readonly Tensor[] {
  const { query, value } = inputs;
  const scores = attentionScores(p, inputs, attrs);
  const top = p.max(scores);
  const exponents = p.exp(p.sub(scores, top));
  const total = p.sum(exponents);
  const context = p.matmul(weigh(p.div(exponents, total)), splitHeads(p, value, attrs, attrs.valueOffset));
  const logSumExp = p.add(top, p.log(total));
  return [
    p.cast(mergeHeads(p, context), query.dtype),
    p.reshape(logSumExp, [query.shape[0]!, attrs.heads, query.shape[1]!]),
  ];
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
  const { mask } = options;
  return apply(attentionOp, { query, key, value, ...(mask && { mask }) }, attentionAttrs(options))[0]!;
}

/** The attributes of options, with defaults filled in. */
export function attentionAttrs(options: AttentionOptions): AttentionAttrs {
  return { ...scoreAttrs(options), valueOffset: options.valueOffset ?? 0 };
}
