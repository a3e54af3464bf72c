import { describeOp, uniform } from "../testing/index.ts";
import { similarityOp } from "./similarity.ts";

describeOp(similarityOp, {
  // Worked by hand: rows [1, 2] and [0, 1] against [3, 4]: 11 and 4; times 0.5, over 0.25.
  "by hand": {
    shapes: { a: [2, 2], b: [1, 2], temperature: [] },
    values: { a: [1, 2, 0, 1], b: [3, 4], temperature: [0.25] },
    attrs: { scale: 0.5 },
    expect: [22, 8],
  },
  "one of each": { shapes: { a: [1, 1], b: [1, 1] }, attrs: { scale: 1 } },
  "prime extents with a temperature": {
    shapes: { a: [5, 7], b: [11, 7], temperature: [] },
    fill: { temperature: uniform(0.5, 1) },
    attrs: { scale: 1 },
  },
  "depth in fours": { shapes: { a: [6, 16], b: [9, 16] }, attrs: { scale: 2 } },
  "a query against a gallery": {
    shapes: { a: [1, 24], b: [37, 24], temperature: [] },
    values: { temperature: [0.07] },
    attrs: { scale: 1 },
    gradients: false,
    tolerance: { atol: 1e-4 },
    adapter: { isCpu: false },
  },
});
