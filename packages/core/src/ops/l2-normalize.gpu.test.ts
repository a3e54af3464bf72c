import { describeOp, gaussian } from "../testing/index.ts";
import { l2NormalizeOp } from "./l2-normalize.ts";

const attrs = { eps: 1e-12 };

describeOp(l2NormalizeOp, {
  // Worked by hand: (3, 4) has length 5; a vector shorter than eps is divided by eps; 0 stays 0.
  "3-4-5, below eps, zero": {
    shapes: { x: [3, 2] },
    values: { x: [3, 4, 3e-13, 4e-13, 0, 0] },
    attrs,
    expect: [0.6, 0.8, 0.3, 0.4, 0, 0],
    gradients: false,
  },
  "one element": { shapes: { x: [2, 1] }, attrs, gradients: false },
  "ragged rows": { shapes: { x: [2, 3, 7] }, attrs },
  "large mean": { shapes: { x: [3, 256] }, fill: { x: gaussian(1000, 0.1) }, attrs, gradients: false },
  "a long row on a CPU adapter": { shapes: { x: [1, 4099] }, attrs, gradients: false },
  "rows folded over two grid axes": {
    shapes: { x: [7, 5] },
    attrs,
    adapter: { isCpu: false, maxWorkgroupsPerDimension: 3 },
  },
});
