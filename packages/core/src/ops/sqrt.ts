import { unary } from "./snippets/unary.ts";

/** Square root. */
export const sqrtOp = unary({
  name: "sqrt",
  expression: "sqrt(v)",
  f64: (v) => Math.sqrt(v),
  tfjs: (tf, x) => tf.sqrt(x),
  vjp: (p, _x, y, dy) => p.div(p.mul(dy, 0.5), y),
});
