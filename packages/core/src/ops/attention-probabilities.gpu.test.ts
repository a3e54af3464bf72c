import { describeOp, type OpCase } from "../testing/index.ts";
import { attentionProbabilitiesOp } from "./attention-probabilities.ts";

const attrs = { heads: 2, headDim: 4, scale: 0.5, maskValue: -10000, causal: false, queryOffset: 0, keyOffset: 0 };
const shapes = { query: [2, 5, 8], key: [2, 7, 8] };
const mask = [1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]; // the second row has no key left
const masked: OpCase = { shapes: { ...shapes, mask: [2, 7] }, values: { mask }, attrs, gradients: false };

describeOp(attentionProbabilitiesOp, {
  // Worked by hand: exp(0) : exp(ln 3).
  "weights 1 : 3": {
    shapes: { query: [1, 1, 1], key: [1, 2, 1] },
    values: { query: [1], key: [0, Math.log(3)] },
    attrs: { ...attrs, heads: 1, headDim: 1, scale: 1 },
    expect: [0.25, 0.75],
  },
  "cross-attention": { shapes, attrs },
  "packed rows, odd heads, causal": {
    shapes: { query: [1, 5, 13], key: [1, 5, 13] },
    attrs: { ...attrs, headDim: 3, keyOffset: 7, queryOffset: 1, causal: true },
  },
  "a row fully masked by -10000": { ...masked, tolerance: { atol: 2e-3 } },
  "a row fully masked by -1e9": { ...masked, attrs: { ...attrs, maskValue: -1e9 } },
  "a workgroup per row": { ...masked, attrs: { ...attrs, maskValue: -1e9 }, adapter: { isCpu: false } },
  "more keys than a workgroup, grid folded": {
    shapes: { query: [1, 3, 8], key: [1, 131, 8] },
    attrs,
    adapter: { isCpu: false, maxWorkgroupsPerDimension: 3 },
    gradients: false,
  },
});
