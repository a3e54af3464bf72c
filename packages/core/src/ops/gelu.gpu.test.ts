import { describeOp, uniform } from "../testing/index.ts";
import { geluOp } from "./gelu.ts";

describeOp(geluOp, {
  // x times the normal distribution function, worked by hand; at 20 the tail is 0 in f32.
  "by hand": {
    shapes: { x: [4] },
    values: { x: [0, 1, -2, 20] },
    expect: [0, 0.8413447460685429, -0.04550026389635842, 20],
  },
  "one element": { shapes: { x: [1] } },
  "three axes": { shapes: { x: [2, 3, 7] } },
  "several workgroups, folded": {
    shapes: { x: [1500] },
    fill: { x: uniform(-6, 6) },
    gradients: false,
    adapter: { isCpu: false, maxWorkgroupsPerDimension: 3 },
  },
});
