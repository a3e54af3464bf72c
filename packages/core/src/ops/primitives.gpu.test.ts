import { describeOp, integer, type OpCase, uniform } from "../testing/index.ts";
import { addOp } from "./add.ts";
import { affineOp } from "./affine.ts";
import { divOp } from "./div.ts";
import { equalOp } from "./equal.ts";
import { erfOp } from "./erf.ts";
import { expOp } from "./exp.ts";
import { floorOp } from "./floor.ts";
import { greaterOp } from "./greater.ts";
import { logOp } from "./log.ts";
import { maximumOp } from "./maximum.ts";
import { mulOp } from "./mul.ts";
import { rsqrtOp } from "./rsqrt.ts";
import { sqrtOp } from "./sqrt.ts";
import { subOp } from "./sub.ts";
import { tanhOp } from "./tanh.ts";

/** Two operands with the values of a hand-worked case. */
function pair(a: readonly number[], b: readonly number[], expect: readonly number[]): OpCase {
  return { shapes: { a: [a.length], b: [b.length] }, values: { a, b }, expect, gradients: false };
}

/** Shapes that every function of two tensors must take. */
function broadcasting(more: Partial<OpCase> = {}): Record<string, OpCase> {
  return {
    "one element": { shapes: { a: [1], b: [1] }, ...more },
    "a scalar": { shapes: { a: [2, 3], b: [] }, ...more },
    "rows and columns": { shapes: { a: [3, 1, 5], b: [2, 1] }, ...more },
    "a longer right side": { shapes: { a: [5], b: [2, 3, 5] }, ...more },
    "a grid folded over two axes": {
      shapes: { a: [1, 131], b: [31, 1] },
      ...more,
      gradients: false,
      adapter: { maxWorkgroupsPerDimension: 2 },
    },
  };
}

describeOp(addOp, { "by hand": pair([1, -2], [0.5, 2], [1.5, 0]), ...broadcasting() });
describeOp(subOp, { "by hand": pair([1, -2], [0.5, 2], [0.5, -4]), ...broadcasting() });
describeOp(mulOp, { "by hand": pair([1, -2], [0.5, 2], [0.5, -4]), ...broadcasting() });
describeOp(divOp, {
  "by hand": pair([1, -2, 0], [0.5, 4, -3], [2, -0.5, 0]),
  ...broadcasting({ fill: { b: uniform(0.5, 2) } }),
});
describeOp(maximumOp, { "by hand": pair([1, -2, 3], [0.5, -1, 3], [1, -1, 3]), ...broadcasting() });
describeOp(greaterOp, {
  "by hand": pair([1, -2, 3], [0.5, -1, 3], [1, 0, 0]),
  ...broadcasting({ gradients: false }),
});
describeOp(equalOp, {
  "by hand": pair([1, -2, 0], [1, 2, -0], [1, 0, 1]),
  integers: {
    shapes: { a: [3, 1], b: [1, 4] },
    dtypes: { a: "i32", b: "i32" },
    fill: { a: integer(3), b: integer(3) },
    gradients: false,
  },
  ...broadcasting({ fill: { a: integer(2), b: integer(2) }, gradients: false }),
});

/** A hand-worked case and shapes of an elementwise function. */
function elementwise(values: readonly number[], expect: readonly number[], more: Partial<OpCase> = {}) {
  return {
    "by hand": { shapes: { x: [values.length] }, values: { x: values }, expect, gradients: false, ...more },
    "one element": { shapes: { x: [1] }, ...more },
    "odd extents": { shapes: { x: [3, 7, 5] }, ...more },
    "a grid folded over two axes": {
      shapes: { x: [4099] },
      gradients: false,
      tfjs: false,
      ...more,
      adapter: { maxWorkgroupsPerDimension: 3 },
    },
  };
}

const positive = { fill: { x: uniform(0.2, 3) } };
describeOp(affineOp, elementwise([1, -2], [2.5, -3.5], { attrs: { scale: 2, shift: 0.5 } }));
describeOp(expOp, elementwise([0, Math.LN2, -Math.LN2], [1, 2, 0.5]));
describeOp(logOp, elementwise([1, Math.E, 0.25], [0, 1, -2 * Math.LN2], positive));
describeOp(sqrtOp, elementwise([0, 4, 2.25], [0, 2, 1.5], positive));
describeOp(rsqrtOp, elementwise([1, 4, 0.25], [1, 0.5, 2], positive));
describeOp(tanhOp, elementwise([0, Math.log(3) / 2, -30], [0, 0.5, -1])); // tanh(ln(3) / 2) = (3 - 1) / (3 + 1)
describeOp(floorOp, elementwise([1.5, -1.5, 2], [1, -2, 2], { gradients: false }));
// Abramowitz and Stegun, table 7.1.
describeOp(erfOp, elementwise([0, 0.5, -1, 2, 7], [0, 0.5204998778, -0.8427007929, 0.995322265, 1]));
