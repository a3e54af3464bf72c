import { create, globals } from "webgpu";
import { describeOp, type OpCase } from "../testing/index.ts";
import { geluOp } from "./gelu.ts";
import { linearOp } from "./linear.ts";
import { matmulOp } from "./matmul.ts";
import { quantizedLinearOp } from "./quantized-linear.ts";
import { similarityOp } from "./similarity.ts";

const single = { gpu: create([]) } as const;
const half = { ...single, float: "f16" } as const;
Object.assign(globalThis, globals, { gpu: single.gpu }); // kept: a device dies with the object that made it
const gpu = { adapter: { isCpu: false } };
const large = { tfjs: false, gradients: false, tolerance: { atol: 1e-3 } } as const;
const none = { activation: "none" };

describeOp(
  linearOp,
  {
    "tiles of 16 rows, shared by subgroups": {
      shapes: { x: [257, 260], weight: [262, 260], bias: [262] },
      attrs: { activation: "gelu" },
      ...large,
    },
    "tiles of 16 rows, odd depth": { shapes: { x: [250, 261], weight: [262, 261] }, attrs: none, ...large },
    "tiles of 12 rows": { shapes: { x: [20, 256], weight: [259, 256] }, attrs: none, ...large },
    "64 rows in workgroup memory": {
      shapes: { x: [769, 36], weight: [500, 36], bias: [500] },
      attrs: none,
      ...large,
      ...gpu,
    },
  },
  single,
);

const orders: Record<string, OpCase> = {
  "dx: rows times columns": {
    shapes: { a: [257, 260], b: [260, 268] },
    attrs: { transposeA: false, transposeB: false },
    ...large,
  },
  "dW: both along the rows": {
    shapes: { a: [260, 264], b: [260, 268] },
    attrs: { transposeA: true, transposeB: false },
    ...large,
  },
  "dW, odd": { shapes: { a: [257, 263], b: [257, 267] }, attrs: { transposeA: true, transposeB: false }, ...large },
};
const onGpu = Object.entries(orders).map(([title, opCase]) => [`${title}, workgroup tiles`, { ...opCase, ...gpu }]);
describeOp(matmulOp, { ...orders, ...Object.fromEntries(onGpu) }, single);

/** The case as the adapter is, and as a GPU would run it. */
function both(opCase: OpCase): Record<string, OpCase> {
  return { "CPU variant": opCase, "GPU variant": { ...opCase, ...gpu } };
}

describeOp(
  linearOp,
  {
    ...both({
      shapes: { x: [9, 40], weight: [13, 40], bias: [13], residual: [9, 13] },
      attrs: { activation: "gelu" },
      tolerance: { atol: 1e-2 },
    }),
    "odd depth": { shapes: { x: [9, 37], weight: [13, 37] }, attrs: none, tolerance: { atol: 1e-2 } },
    "f16 weights, f32 states": {
      shapes: { x: [9, 40], weight: [13, 40], bias: [13] },
      dtypes: { x: "f32" },
      attrs: none,
      tolerance: { rtol: 1e-5, atol: 1e-5 },
    },
    "few rows on a GPU": { shapes: { x: [2, 40], weight: [13, 40] }, attrs: none, tolerance: { atol: 1e-2 }, ...gpu },
  },
  half,
);

describeOp(
  matmulOp,
  both({ shapes: { a: [2, 9, 12], b: [2, 12, 16] }, attrs: { transposeA: false, transposeB: false } }),
  half,
);
describeOp(similarityOp, both({ shapes: { a: [7, 16], b: [9, 16] }, attrs: { scale: 0.25 } }), half);
describeOp(geluOp, both({ shapes: { x: [5, 33] } }), half);
describeOp(
  quantizedLinearOp,
  both({
    shapes: { x: [5, 64], packed: [9, 16], scales: [9, 2], bias: [9] },
    dtypes: { packed: "u32", scales: "f32" },
    fill: { packed: (random) => Math.floor(random() * 2 ** 32), scales: (random) => random() / 256 },
    attrs: { bits: 8, group: 32, activation: "none" },
    tolerance: { atol: 1e-2 },
  }),
  half,
);
