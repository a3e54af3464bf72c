import { describeOp, gaussian } from "../testing/index.ts";
import { layerNormOp } from "./layernorm.ts";

const shapes = (rows: number, width: number) => ({ x: [rows, width], weight: [width], bias: [width] });

describeOp(layerNormOp, {
  // Worked by hand: variance 1.25e-6 + eps 1e-6 = (1.5e-3)².
  "eps under the root": {
    shapes: shapes(1, 4),
    attrs: { eps: 1e-6 },
    values: { x: [0, 1e-3, 2e-3, 3e-3], weight: [1, 1, 1, 1], bias: [0, 0, 0, 0] },
    expect: [-1, -1 / 3, 1 / 3, 1],
    tolerance: { atol: 1e-4 },
    gradients: false,
  },
  "image tokens": { shapes: shapes(10, 768), attrs: { eps: 1e-6 } },
  "ragged row, text eps": { shapes: shapes(3, 7), attrs: { eps: 1e-12 } },
  "with residual": { shapes: { ...shapes(5, 24), residual: [5, 24] }, attrs: { eps: 1e-12 } },
  "mean far above the spread": {
    shapes: shapes(2, 768),
    attrs: { eps: 1e-6 },
    fill: { x: gaussian(1000, 0.1) },
    tolerance: { rtol: 2e-3, atol: 2e-3 },
    gradients: false,
  },
  "rows folded over two grid axes": {
    shapes: shapes(5, 4),
    attrs: { eps: 1e-6 },
    adapter: { maxWorkgroupsPerDimension: 3, isCpu: false },
  },
});
