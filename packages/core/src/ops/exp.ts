import { unary } from "./snippets/unary.ts";

/** e to the power x. */
export const expOp = unary({
  name: "exp",
  expression: "exp(v)",
  f64: (v) => Math.exp(v),
  tfjs: (tf, x) => tf.exp(x),
  vjp: (p, _x, y, dy) => p.mul(dy, y),
});
