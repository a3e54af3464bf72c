import { describeOp } from "../testing/index.ts";
import { attentionContextOp } from "./attention-context.ts";

describeOp(attentionContextOp, {
  // Worked by hand: 1/4 of (1, 10) and 3/4 of (5, 20).
  "weights 1 : 3": {
    shapes: { probabilities: [1, 1, 1, 2], value: [1, 2, 2] },
    values: { probabilities: [0.25, 0.75], value: [1, 10, 5, 20] },
    attrs: { heads: 1, headDim: 2, valueOffset: 0 },
    expect: [4, 17.5],
  },
  "pieces of four, packed": {
    shapes: { probabilities: [2, 2, 5, 7], value: [2, 7, 12] },
    attrs: { heads: 2, headDim: 4, valueOffset: 4 },
  },
  "odd heads, grid folded": {
    shapes: { probabilities: [1, 3, 41, 2], value: [1, 2, 10] },
    attrs: { heads: 3, headDim: 3, valueOffset: 1 },
    adapter: { maxWorkgroupsPerDimension: 2 },
  },
});
