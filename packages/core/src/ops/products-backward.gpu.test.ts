import { describeOp, type OpCase, uniform } from "../testing/index.ts";
import { geluBackwardOp } from "./gelu-backward.ts";
import { linearSlopeOp } from "./linear-backward.ts";
import { mixedMatmulOp } from "./mixed-matmul.ts";
import { patchWeightOp } from "./patch-embedding-backward.ts";
import { similarityBackwardOp } from "./similarity-backward.ts";

const gpu = { adapter: { isCpu: false }, gradients: false, tolerance: { atol: 1e-4 } } as const;

function slope(rows: number, n: number, k: number, bias = true): OpCase["shapes"] {
  return { x: [rows, k], weight: [n, k], dy: [rows, n], ...(bias && { bias: [n] }) };
}

describeOp(linearSlopeOp, {
  // Worked by hand: sums 1 and -2.
  relu: {
    shapes: slope(1, 2, 1),
    values: { x: [1], weight: [1, -1], bias: [0, -1], dy: [3, 5] },
    attrs: { activation: "relu" },
    expect: [3, 0],
  },
  // At 0 the slope of GELU is 1/2, that of tanh 1.
  "gelu at 0": {
    shapes: slope(1, 1, 1),
    values: { x: [0], bias: [0], dy: [3] },
    attrs: { activation: "gelu" },
    expect: [1.5],
  },
  "tanh at 0": {
    shapes: slope(1, 1, 1),
    values: { x: [0], bias: [0], dy: [3] },
    attrs: { activation: "tanh" },
    expect: [3],
  },
  "a prime of each": { shapes: slope(5, 7, 3), attrs: { activation: "gelu" } },
  "a batch without bias": {
    shapes: { x: [2, 3, 8], weight: [12, 8], dy: [2, 3, 12] },
    attrs: { activation: "tanh" },
    tolerance: { atol: 1e-4 },
  },
  "a GPU": { shapes: slope(37, 70, 12), attrs: { activation: "gelu" }, ...gpu },
  "few rows on a GPU": { shapes: slope(2, 70, 12), attrs: { activation: "gelu" }, ...gpu },
});

describeOp(geluBackwardOp, {
  "at 0, 1 and far away": {
    shapes: { x: [4], dy: [4] },
    values: { x: [0, 1, 20, -20], dy: [1, 1, 2, 2] },
    expect: [0.5, 1.0833154705876864, 2, 0], // Φ(1) + φ(1)
    gradients: false,
  },
  "odd count": { shapes: { x: [3, 7], dy: [3, 7] } },
});

const plain = { transposeA: false, transposeB: false, dtype: "f32" };
describeOp(mixedMatmulOp, {
  "by hand": { shapes: { a: [1, 2], b: [2, 1] }, values: { a: [1, 2], b: [3, 4] }, attrs: plain, expect: [11] },
  "both transposed": { shapes: { a: [3, 5], b: [7, 3] }, attrs: { ...plain, transposeA: true, transposeB: true } },
  "weights of a layer": { shapes: { a: [9, 8], b: [9, 12] }, attrs: { ...plain, transposeA: true } },
  "a GPU": { shapes: { a: [37, 20], b: [20, 70] }, attrs: plain, ...gpu },
});

const back = { transpose: false, scale: 1, dtype: "f32" };
describeOp(similarityBackwardOp, {
  // Worked by hand: 2 * (3, 4) * 0.5 / 0.25.
  "by hand": {
    shapes: { dy: [1, 1], other: [1, 2], temperature: [] },
    values: { dy: [2], other: [3, 4], temperature: [0.25] },
    attrs: { ...back, scale: 0.5 },
    expect: [12, 16],
  },
  "primes, transposed": {
    shapes: { dy: [5, 7], other: [5, 11], temperature: [] },
    fill: { temperature: uniform(0.5, 1) },
    attrs: { ...back, transpose: true },
  },
  "without temperature": {
    shapes: { dy: [3, 8], other: [8, 4] },
    attrs: { ...back, scale: 3 },
    tolerance: { atol: 1e-4 },
  },
  "a GPU": { shapes: { dy: [9, 40], other: [9, 24] }, attrs: { ...back, transpose: true }, ...gpu },
});

function patches(side: number, patchSize: number, features: number): OpCase["shapes"] {
  return { image: [2, 3, side, side], dy: [2, (side / patchSize) ** 2 + 1, features] };
}

describeOp(patchWeightOp, {
  // Worked by hand: one patch of one pixel per image, the class token's gradient left out.
  "one pixel": {
    shapes: { image: [2, 1, 1, 1], dy: [2, 2, 1] },
    values: { image: [3, 5], dy: [9, 1, 9, 2] },
    attrs: { patchSize: 1, dtype: "f32" },
    expect: [13],
  },
  "pieces of four": { shapes: patches(8, 4, 8), attrs: { patchSize: 4, dtype: "f32" }, tolerance: { atol: 1e-4 } },
  "odd patches": { shapes: patches(9, 3, 5), attrs: { patchSize: 3, dtype: "f32" }, tolerance: { atol: 1e-4 } },
  "a GPU": { shapes: patches(8, 4, 20), attrs: { patchSize: 4, dtype: "f32" }, ...gpu },
});
