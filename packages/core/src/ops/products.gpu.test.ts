import { describeOp, type OpCase } from "../testing/index.ts";
import { linearOp } from "./linear.ts";
import { matmulOp } from "./matmul.ts";

const large = { tfjs: false, gradients: false, tolerance: { atol: 1e-4 } } as const;

/** Large enough for the tiles whose rows the invocations of a quad load for each other. */
function product(a: readonly number[], b: readonly number[], [transposeA, transposeB]: readonly boolean[]): OpCase {
  return { shapes: { a, b }, attrs: { transposeA, transposeB }, ...large };
}

describeOp(linearOp, {
  "rows shared by quads": {
    shapes: { x: [33, 68], weight: [516, 68], bias: [516], residual: [33, 516] },
    attrs: { activation: "gelu" },
    ...large,
  },
  "rows shared by quads, odd extents": {
    shapes: { x: [49, 131], weight: [167, 131] },
    attrs: { activation: "none" },
    ...large,
  },
});

describeOp(matmulOp, {
  "dx: rows times columns": product([33, 68], [68, 516], [false, false]),
  "dW: both along the rows": product([67, 36], [67, 516], [true, false]),
  "dW, odd": product([67, 37], [67, 431], [true, false]),
  "a batch of both transposed": product([2, 68, 25], [2, 331, 68], [true, true]),
});
