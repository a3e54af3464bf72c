import { describeOp, gaussian, integer } from "../testing/index.ts";
import { gatherOp } from "./gather.ts";
import { matmulOp } from "./matmul.ts";
import { maxOp } from "./max.ts";
import { scatterAddOp } from "./scatter-add.ts";
import { sumOp } from "./sum.ts";

const six = { x: [1, 2, 3, 4, 5, 6] };
const gpu = { isCpu: false };
const folded = { maxWorkgroupsPerDimension: 3 };

describeOp(sumOp, {
  "by hand": { shapes: { x: [2, 3] }, values: six, attrs: { axes: [1] }, expect: [6, 15] },
  "outer and inner axes": { shapes: { x: [3, 5, 7] }, attrs: { axes: [0, 2] } },
  everything: { shapes: { x: [2, 11] }, attrs: { axes: [0, 1] } },
  "a long row": { shapes: { x: [1, 4099] }, attrs: { axes: [1] }, tolerance: { atol: 1e-4 }, gradients: false },
  "columns of a matrix": { shapes: { x: [3, 70, 11] }, attrs: { axes: [0, 1] }, tolerance: { atol: 1e-4 } },
  "columns on a GPU, folded": {
    shapes: { x: [70, 101] },
    attrs: { axes: [0] },
    tolerance: { atol: 1e-4 },
    adapter: { ...gpu, ...folded },
  },
  "long columns on a GPU": {
    shapes: { x: [1031, 11] },
    attrs: { axes: [0] },
    tolerance: { atol: 1e-4 },
    adapter: gpu,
    gradients: false,
  },
  "a workgroup per row, folded": {
    shapes: { x: [7, 300] },
    attrs: { axes: [1] },
    tolerance: { atol: 1e-4 },
    adapter: { ...gpu, ...folded },
    gradients: false,
  },
});

describeOp(maxOp, {
  "by hand": { shapes: { x: [2, 3] }, values: six, attrs: { axes: [0] }, expect: [4, 5, 6], gradients: false },
  "all negative": { shapes: { x: [3, 7] }, fill: { x: gaussian(-50) }, attrs: { axes: [1] }, gradients: false },
  "a long row": { shapes: { x: [1, 4099] }, attrs: { axes: [1] }, gradients: false },
  "a workgroup per row": { shapes: { x: [5, 300] }, attrs: { axes: [1] }, adapter: gpu, gradients: false },
});

describeOp(gatherOp, {
  "by hand": {
    shapes: { table: [3, 2], indices: [2] },
    dtypes: { indices: "i32" },
    values: { table: [1, 2, 3, 4, 5, 6], indices: [2, 0] },
    expect: [5, 6, 1, 2],
  },
  "indices outside are clamped": {
    shapes: { table: [4, 3], indices: [2, 2] },
    dtypes: { indices: "i32" },
    values: { indices: [-1, 1, 3, 99] },
  },
  "a batch": {
    shapes: { table: [11, 5], indices: [3, 7] },
    dtypes: { indices: "i32" },
    fill: { indices: integer(11) },
  },
});

describeOp(scatterAddOp, {
  "by hand: repeated rows add up": {
    shapes: { updates: [3, 2], indices: [3] },
    dtypes: { indices: "i32" },
    values: { updates: [1, 2, 3, 4, 5, 6], indices: [1, 0, 1] },
    attrs: { rows: 3 },
    expect: [3, 4, 6, 8, 0, 0],
  },
  "a batch": {
    shapes: { updates: [3, 7, 5], indices: [3, 7] },
    dtypes: { indices: "i32" },
    fill: { indices: integer(6) },
    attrs: { rows: 6 },
  },
});

const straight = { transposeA: false, transposeB: false };
describeOp(matmulOp, {
  "by hand": {
    shapes: { a: [2, 2], b: [2, 1] },
    values: { a: [1, 2, 3, 4], b: [10, 100] },
    attrs: straight,
    expect: [210, 430],
  },
  "one of each": { shapes: { a: [1, 1], b: [1, 1] }, attrs: straight },
  "prime extents": { shapes: { a: [7, 11], b: [11, 13] }, attrs: straight },
  "a transposed": { shapes: { a: [11, 7], b: [11, 5] }, attrs: { transposeA: true, transposeB: false } },
  "b transposed": { shapes: { a: [7, 11], b: [5, 11] }, attrs: { transposeA: false, transposeB: true } },
  "both transposed": { shapes: { a: [11, 3], b: [5, 11] }, attrs: { transposeA: true, transposeB: true } },
  "batches that broadcast": { shapes: { a: [2, 1, 3, 5], b: [4, 5, 2] }, attrs: straight },
  "several tiles": { shapes: { a: [37, 33], b: [33, 70] }, attrs: straight, gradients: false },
  "several tiles on a GPU, folded": {
    shapes: { a: [70, 33], b: [67, 33] },
    attrs: { transposeA: false, transposeB: true },
    adapter: { ...gpu, ...folded },
    gradients: false,
  },
});
