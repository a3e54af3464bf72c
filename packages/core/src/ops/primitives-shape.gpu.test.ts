import { describeOp } from "../testing/index.ts";
import { broadcastToOp } from "./broadcast-to.ts";
import { castOp } from "./cast.ts";
import { concatOp } from "./concat.ts";
import { fillOp } from "./fill.ts";
import { iotaOp } from "./iota.ts";
import { padOp } from "./pad.ts";
import { reshapeOp } from "./reshape.ts";
import { sliceOp } from "./slice.ts";
import { stopGradientOp } from "./stop-gradient.ts";
import { transposeOp } from "./transpose.ts";

const six = { x: [1, 2, 3, 4, 5, 6] };
const folded = { maxWorkgroupsPerDimension: 3 };

describeOp(reshapeOp, {
  "by hand": { shapes: { x: [2, 3] }, values: six, attrs: { shape: [3, 2] }, expect: six.x },
  "to and from a scalar": { shapes: { x: [1, 1] }, attrs: { shape: [] } },
});

describeOp(stopGradientOp, {
  "by hand": { shapes: { x: [6] }, values: six, expect: six.x, gradients: false },
});

describeOp(transposeOp, {
  "by hand": {
    shapes: { x: [2, 3] },
    values: six,
    attrs: { permutation: [1, 0] },
    expect: [1, 4, 2, 5, 3, 6],
  },
  heads: { shapes: { x: [2, 5, 3, 4] }, attrs: { permutation: [0, 2, 1, 3] } },
  "a cycle with unit axes": { shapes: { x: [3, 1, 7] }, attrs: { permutation: [2, 0, 1] } },
  folded: { shapes: { x: [71, 61] }, attrs: { permutation: [1, 0] }, adapter: folded, gradients: false },
});

describeOp(sliceOp, {
  "by hand": { shapes: { x: [2, 3] }, values: six, attrs: { begin: [0, 1], size: [2, 2] }, expect: [2, 3, 5, 6] },
  "one element": { shapes: { x: [3, 4] }, attrs: { begin: [2, 3], size: [1, 1] } },
  "inner block": { shapes: { x: [3, 5, 7] }, attrs: { begin: [1, 0, 2], size: [1, 5, 4] } },
});

describeOp(padOp, {
  "by hand": {
    shapes: { x: [1, 2] },
    values: { x: [1, 2] },
    attrs: { before: [1, 0], after: [0, 1] },
    expect: [0, 0, 0, 1, 2, 0],
  },
  "nothing to add": { shapes: { x: [3] }, attrs: { before: [0], after: [0] } },
  "three axes": { shapes: { x: [2, 3, 5] }, attrs: { before: [0, 2, 1], after: [1, 0, 3] } },
});

describeOp(concatOp, {
  "by hand": {
    shapes: { a: [2, 1], b: [2, 2] },
    values: { a: [1, 2], b: [3, 4, 5, 6] },
    attrs: { axis: 1 },
    expect: [1, 3, 4, 2, 5, 6],
  },
  "first axis": { shapes: { a: [1, 3], b: [4, 3] }, attrs: { axis: 0 } },
  "middle axis": { shapes: { a: [2, 1, 5], b: [2, 6, 5] }, attrs: { axis: 1 } },
});

describeOp(broadcastToOp, {
  "by hand": { shapes: { x: [2, 1] }, values: { x: [1, 2] }, attrs: { shape: [2, 2] }, expect: [1, 1, 2, 2] },
  "new and unit axes": { shapes: { x: [3, 1, 2] }, attrs: { shape: [4, 3, 5, 2] } },
  "from a scalar": { shapes: { x: [] }, attrs: { shape: [3] } },
});

describeOp(castOp, {
  "to integers by truncation": {
    shapes: { x: [4] },
    values: { x: [1.9, -1.9, 0, 100000] },
    attrs: { dtype: "i32" },
    expect: [1, -1, 0, 100000],
    gradients: false,
  },
  "from integers": {
    shapes: { x: [3] },
    dtypes: { x: "i32" },
    values: { x: [-7, 0, 16777216] },
    attrs: { dtype: "f32" },
    expect: [-7, 0, 16777216],
    gradients: false,
  },
  "to its own type": { shapes: { x: [2, 3] }, attrs: { dtype: "f32" } },
});

describeOp(iotaOp, {
  "by hand": {
    shapes: { like: [1] },
    attrs: { shape: [2, 3], axis: 1, dtype: "f32" },
    expect: [0, 1, 2, 0, 1, 2],
    gradients: false,
  },
  "first axis, integers": {
    shapes: { like: [1] },
    attrs: { shape: [3, 2], axis: 0, dtype: "i32" },
    expect: [0, 0, 1, 1, 2, 2],
    gradients: false,
  },
});

describeOp(fillOp, {
  "by hand": { shapes: { like: [1] }, attrs: { shape: [3], value: -2.5, dtype: "f32" }, expect: [-2.5, -2.5, -2.5] },
  integers: {
    shapes: { like: [1] },
    attrs: { shape: [2, 1], value: 7, dtype: "i32" },
    expect: [7, 7],
    gradients: false,
  },
});
