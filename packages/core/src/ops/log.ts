import { unary } from "./snippets/unary.ts";

/** Natural logarithm. */
export const logOp = unary({
  name: "log",
  expression: "log(v)",
  f64: (v) => Math.log(v),
  tfjs: (tf, x) => tf.log(x),
  vjp: (p, x, _y, dy) => p.div(dy, x),
});
