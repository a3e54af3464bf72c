import { describeOp, gaussian } from "../testing/index.ts";
import { softmaxOp } from "./softmax.ts";

describeOp(softmaxOp, {
  // Worked by hand: exp(ln n) = n.
  "1 : 2 : 5": {
    shapes: { x: [1, 3] },
    values: { x: [0, Math.log(2), Math.log(5)] },
    expect: [1 / 8, 2 / 8, 5 / 8],
  },
  "one element": { shapes: { x: [3, 1] } },
  "ragged rows": { shapes: { x: [2, 3, 7] } },
  "far from zero": {
    shapes: { x: [2, 9] },
    values: { x: [...Array(9).keys()].flatMap((i) => [i - 5000, 5000 - i]) },
    gradients: false, // steps of central differences grow with the values
  },
  "a long row on a CPU adapter": { shapes: { x: [1, 4099] }, gradients: false },
  "a workgroup per row": { shapes: { x: [3, 131] }, adapter: { isCpu: false, subgroups: false } },
  "a workgroup per row, subgroups where there are any": { shapes: { x: [3, 131] }, adapter: { isCpu: false } },
  "rows folded over two grid axes": {
    shapes: { x: [7, 5] },
    fill: { x: gaussian(0, 10) },
    adapter: { isCpu: false, maxWorkgroupsPerDimension: 3 },
  },
});
