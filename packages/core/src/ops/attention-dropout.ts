import { apply } from "../graph/apply.ts";
import type { Tensor } from "../graph/tensor.ts";
import { defineFused } from "../op.ts";
import { expectDType, expectShape } from "../shape.ts";
import { type AttentionOptions, attend, attention, attentionAttrs, attentionOp } from "./attention.ts";
import { type AttentionAttrs, attentionKernel } from "./attention.wgsl.ts";
import { type DropoutAttrs, type DropoutOptions, dropoutOp, droppedSteps } from "./dropout.ts";
import { streamSeed } from "./fold-seed.ts";
import { keptFactors } from "./snippets/attention-kept.ts";

export interface AttentionDropoutAttrs extends AttentionAttrs, DropoutAttrs {}

/** `attention` whose probabilities pass through dropout on their way to the values; log-sum-exp is that of all scores. */
export const attentionDropoutOp = defineFused<"query" | "key" | "value" | "seed", "mask", AttentionDropoutAttrs>({
  name: "attentionDropout",
  inputs: ["query", "key", "value", "seed"],
  optional: ["mask"],
  infer(inputs, attrs) {
    expectDType("attentionDropout", "seed", inputs.seed, ["u32"]);
    expectShape("attentionDropout", "seed", inputs.seed, []);
    return attentionOp.infer(inputs, attrs);
  },
  define(p, inputs, { dropped, ...attrs }) {
    const { seed } = inputs;
    return attend(p, inputs, attrs, (x) => dropoutOp.define(p, { x, seed }, { dropped })[0]!);
  },
  flops: ({ inputs, outputs }, attrs) => attentionOp.flops!({ inputs, outputs }, attrs),
  lower: (specs, { dropped, ...attrs }, adapter) =>
    attentionKernel(specs, { ...attrs, kept: keptFactors(dropped) }, adapter),
});

export interface DroppedAttentionOptions extends AttentionOptions {
  /**
   * What of the probabilities is dropped: rate 0.1 in ALBEF's text encoder (`attention_probs_dropout_prob`). Attentions
   * that share a seed need streams of their own. The mask is that of `dropout` over probabilities [batch, heads, L, S]
   * with these options, on every executor; backward and recomputation draw it again.
   */
  readonly dropout: DropoutOptions;
}

/**
 * `attention` with inverted dropout on the probabilities, as BERT is trained: query [batch, L, *], key and value
 * [batch, S, *] -> [batch, L, heads * headDim]. Rate 0 is `attention` itself. Apart from `attention` so that pages which
 * never train do not load it. Throws GraphError unless 0 <= rate < 1, DTypeError unless the seed is u32 [].
 */
export function droppedAttention(query: Tensor, key: Tensor, value: Tensor, options: DroppedAttentionOptions): Tensor {
  const { rate, seed, stream = 0 } = options.dropout;
  const dropped = droppedSteps(rate);
  if (dropped === 0) return attention(query, key, value, options);
  const { mask } = options;
  const operands = { query, key, value, seed: streamSeed(seed, stream), ...(mask && { mask }) };
  return apply(attentionDropoutOp, operands, { ...attentionAttrs(options), dropped })[0]!;
}
