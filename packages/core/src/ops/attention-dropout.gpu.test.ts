import { describeOp, type OpCase } from "../testing/index.ts";
import { attentionDropoutOp } from "./attention-dropout.ts";

const attrs = { maskValue: -10000, causal: false, queryOffset: 0, keyOffset: 0, valueOffset: 0, dropped: 6710886 };
const seed = { dtypes: { seed: "u32" }, values: { seed: [77] } } as const;
const gpu = { isCpu: false };

const crossed: OpCase = {
  shapes: { query: [2, 5, 6], key: [2, 13, 6], value: [2, 13, 6], seed: [] },
  ...seed,
  attrs: { ...attrs, heads: 2, headDim: 3, scale: 0.6 },
};
const packed: OpCase = {
  shapes: { query: [1, 11, 24], key: [1, 11, 24], value: [1, 11, 24], seed: [], mask: [1, 11] },
  ...seed,
  values: { ...seed.values, mask: [1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0] },
  attrs: { ...attrs, heads: 2, headDim: 4, scale: 0.5, keyOffset: 8, valueOffset: 16, causal: true },
  gradients: false,
};

describeOp(attentionDropoutOp, {
  "cross-attention": crossed,
  "packed rows, padded, causal": packed,
  "cross-attention, workgroup tiles": { ...crossed, adapter: gpu, gradients: false },
  "packed rows, padded, causal, workgroup tiles": { ...packed, adapter: gpu },
});
