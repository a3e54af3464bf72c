import { describeOp, integer, uniform } from "../testing/index.ts";
import { adamWOp } from "./adamw.ts";
import { axpbyOp } from "./axpby.ts";
import { squaredNormOp } from "./squared-norm.ts";

const shapes = (n: number, groups: number) => ({
  weights: [n],
  moment1: [n],
  moment2: [n],
  gradients: [n],
  groups: [n / 64],
  rates: [groups, 2],
  step: [5],
});
const attrs = { beta1: 0.9, beta2: 0.999, eps: 1e-8 };
const arena = (n: number, groups: number) => ({
  shapes: shapes(n, groups),
  dtypes: { groups: "u32" } as const,
  attrs,
  fill: { moment2: uniform(0.1, 2), groups: integer(groups), rates: uniform(0.001, 0.1) },
  values: { step: [0.271, 0.0547, 0.5, 0.75, 0.25] },
  gradients: false,
});
const row = (value: number) => new Array<number>(64).fill(value);

describeOp(adamWOp, {
  // First step: m = 0.1 g, v = 0.001 g²; both corrected are g and g², so the weight moves by the rate after the decay.
  "the first step moves by the learning rate": {
    ...arena(64, 1),
    values: {
      weights: row(1),
      moment1: row(0),
      moment2: row(0),
      gradients: row(4),
      groups: [0],
      rates: [0.1, 0.02],
      step: [0.1, Math.sqrt(0.001), 0.5, 1, 0],
    },
    expect: row(1 - 0.002 - 0.1),
  },
  "a teacher follows the new weights in the same pass": {
    ...arena(192, 2),
    shapes: { ...shapes(192, 2), teacher: [192] },
  },
  "groups of different rates": arena(384, 3),
  "blocks folded over two grid axes": { ...arena(8192, 2), adapter: { maxWorkgroupsPerDimension: 3 } },
});

describeOp(axpbyOp, {
  "momentum update": {
    shapes: { y: [3], x: [3], factors: [2] },
    values: { y: [1, 2, 3], x: [5, 6, 7], factors: [0.75, 0.25] },
    expect: [2, 3, 4],
    gradients: false,
  },
  "ragged length": { shapes: { y: [1337], x: [1337], factors: [2] }, gradients: false },
});

describeOp(squaredNormOp, {
  "three, four": { shapes: { x: [2] }, values: { x: [3, 4] }, expect: [25], gradients: false },
  "more than a chunk": { shapes: { x: [40_000] }, tolerance: { rtol: 1e-4, atol: 1e-3 }, gradients: false },
  "chunks folded over two grid axes": {
    shapes: { x: [50_000] },
    adapter: { maxWorkgroupsPerDimension: 2 },
    tolerance: { rtol: 1e-4, atol: 1e-3 },
    gradients: false,
  },
});
