import { describeOp, uniform } from "../testing/index.ts";
import { linearOp } from "./linear.ts";

const none = { activation: "none" };
const shapes = (rows: number, n: number, k: number) => ({ x: [rows, k], weight: [n, k] });
const gpu = { adapter: { isCpu: false } };

describeOp(linearOp, {
  // Worked by hand: 1*3 + 2*4 + 0.5 = 11.5, tanh of it is 1 in f32; 1*(-1) + 2*0.5 + 0 = 0; residuals 10 and 20.
  "by hand": {
    shapes: { ...shapes(1, 2, 2), bias: [2], residual: [1, 2] },
    values: { x: [1, 2], weight: [3, 4, -1, 0.5], bias: [0.5, 0], residual: [10, 20] },
    attrs: { activation: "tanh" },
    expect: [11, 20],
  },
  // gelu(1) = 0.8413447460685429, gelu(-2) = -0.04550026389635842: x times the normal distribution function.
  "gelu by hand": {
    shapes: shapes(2, 1, 1),
    values: { x: [1, -2], weight: [1] },
    attrs: { activation: "gelu" },
    expect: [0.8413447460685429, -0.04550026389635842],
  },
  "one element": { shapes: { ...shapes(1, 1, 1), bias: [1] }, attrs: none },
  "prime extents": { shapes: { ...shapes(7, 5, 13), bias: [5], residual: [7, 5] }, attrs: { activation: "gelu" } },
  "leading axes": { shapes: { x: [2, 3, 8], weight: [6, 8], bias: [6], residual: [2, 3, 6] }, attrs: none },
  "a single vector": { shapes: { x: [12], weight: [5, 12], bias: [5] }, attrs: { activation: "tanh" } },
  "relu, off its kink": {
    shapes: shapes(3, 4, 5),
    fill: { x: uniform(0.5, 1), weight: uniform(-1, 1) },
    attrs: { activation: "relu" },
  },
  "long depth": { shapes: { ...shapes(2, 3, 3072) }, attrs: none, tolerance: { atol: 1e-4 }, gradients: false },
  "workgroup tiles": {
    shapes: { ...shapes(9, 70, 20), bias: [70] },
    attrs: { activation: "gelu" },
    gradients: false,
    ...gpu,
  },
  "few rows on a GPU": { shapes: { ...shapes(3, 7, 300), bias: [7] }, attrs: none, gradients: false, ...gpu },
  "few rows on a GPU without subgroups": {
    shapes: { ...shapes(1, 7, 61), residual: [1, 7] },
    attrs: none,
    gradients: false,
    adapter: { isCpu: false, subgroups: false },
  },
  "columns folded over two grid axes": {
    shapes: shapes(1, 7, 8),
    attrs: none,
    gradients: false,
    adapter: { isCpu: false, maxWorkgroupsPerDimension: 3 },
  },
  "tiles without subgroups, folded": {
    shapes: shapes(9, 70, 12),
    attrs: none,
    gradients: false,
    adapter: { subgroups: false, maxWorkgroupsPerDimension: 5 },
  },
});
