import { describeOp, gaussian } from "../testing/index.ts";
import { columnSumOp } from "./column-sum.ts";
import { l2NormalizeBackwardOp } from "./l2-normalize-backward.ts";
import { layerNormBackwardOp, layerNormParametersOp } from "./layernorm-backward.ts";
import { rowDotOp } from "./row-dot.ts";
import { softmaxBackwardOp } from "./softmax-backward.ts";

const gpu = { adapter: { isCpu: false, maxWorkgroupsPerDimension: 3 }, gradients: false } as const;
const rows = (count: number, width: number) => ({ x: [count, width], weight: [width], dy: [count, width] });
const eps = { eps: 1e-6 };

describeOp(layerNormBackwardOp, {
  // Worked by hand: h is (-1, 1); the mean of dy is 1 and the slope 1, so nothing is left of it.
  "two numbers have no gradient": {
    shapes: rows(1, 2),
    values: { x: [1, 3], weight: [1, 1], dy: [0, 2] },
    attrs: { eps: 0 },
    expect: [0, 0],
    gradients: false,
  },
  "a prime width": { shapes: rows(3, 7), attrs: eps },
  "with residual": { shapes: { ...rows(4, 12), residual: [4, 12] }, attrs: eps },
  "a batch, longer than a block": {
    shapes: { x: [2, 3, 130], weight: [130], dy: [2, 3, 130] },
    attrs: eps,
    gradients: false,
  },
  "mean far above the spread": {
    shapes: rows(2, 256),
    attrs: eps,
    fill: { x: gaussian(1000, 0.1) },
    tolerance: { rtol: 2e-3, atol: 2e-2 },
    gradients: false,
  },
  "a workgroup per row": { shapes: { ...rows(7, 131), residual: [7, 131] }, attrs: eps, ...gpu },
});

const sums = (count: number, width: number) => ({ x: [count, width], statistics: [count, 2], dy: [count, width] });
const types = { weight: "f32", bias: "f32" };

describeOp(layerNormParametersOp, {
  // Worked by hand: (x - first - shift) * rstd = (-1, 1) twice; weighted by dy.
  "two rows": {
    shapes: sums(2, 2),
    values: { x: [1, 3, 5, 9], statistics: [1, 1, 2, 0.5], dy: [1, 2, 3, 4] },
    attrs: types,
    expect: [-4, 6],
  },
  "columns beyond a block of rows": { shapes: sums(70, 11), attrs: types, tolerance: { atol: 1e-3 }, gradients: false },
  "with residual": { shapes: { ...sums(5, 12), residual: [5, 12] }, attrs: types, tolerance: { atol: 1e-4 } },
  "a GPU, folded": { shapes: sums(37, 101), attrs: types, tolerance: { atol: 1e-3 }, ...gpu },
});

const pair = (a: string, count: number, width: number) => ({ shapes: { [a]: [count, width], dy: [count, width] } });

describeOp(softmaxBackwardOp, {
  // Worked by hand: Σ dy y = 3, so y (dy - 3).
  "two classes": { ...pair("y", 1, 2), values: { y: [0.5, 0.5], dy: [2, 4] }, expect: [-0.5, 0.5] },
  "a prime width": pair("y", 3, 11),
  "a workgroup per row": { ...pair("y", 7, 131), tolerance: { atol: 1e-4 }, ...gpu },
});

describeOp(l2NormalizeBackwardOp, {
  // Worked by hand: |x| = 5, Σ dy y = 0.6; (1, 0) - 0.6 (0.6, 0.8), over 5.
  "three four five": {
    ...pair("x", 1, 2),
    values: { x: [3, 4], dy: [1, 0] },
    attrs: { eps: 1e-12 },
    expect: [0.128, -0.096],
  },
  "a vector below eps": { ...pair("x", 2, 3), attrs: { eps: 100 } },
  zeros: { ...pair("x", 1, 3), values: { x: [0, 0, 0] }, attrs: { eps: 1 }, gradients: false },
  "a prime width": { ...pair("x", 3, 11), attrs: { eps: 1e-12 } },
  "a workgroup per row": { ...pair("x", 7, 131), attrs: { eps: 1e-12 }, ...gpu },
});

describeOp(rowDotOp, {
  "by hand": { shapes: { a: [2, 2], b: [2, 2] }, values: { a: [1, 2, 3, 4], b: [5, 6, 7, 8] }, expect: [17, 53] },
  "a batch": { shapes: { a: [2, 3, 7], b: [2, 3, 7] } },
  "a workgroup per row": { shapes: { a: [5, 131], b: [5, 131] }, tolerance: { atol: 1e-4 }, ...gpu },
});

describeOp(columnSumOp, {
  "two rows": {
    shapes: { x: [2, 3] },
    attrs: { dtype: "f32" },
    values: { x: [1, 2, 3, 10, 20, 30] },
    expect: [11, 22, 33],
  },
  "more rows than a block": {
    shapes: { x: [131, 37] },
    attrs: { dtype: "f32" },
    gradients: false,
    tolerance: { atol: 1e-4 },
  },
  "columns shared by a workgroup": {
    shapes: { x: [70, 37] },
    attrs: { dtype: "f32" },
    tolerance: { atol: 1e-4 },
    ...gpu,
  },
  "more rows than columns": { shapes: { x: [1031, 9] }, attrs: { dtype: "f32" }, tolerance: { atol: 1e-3 }, ...gpu },
});
