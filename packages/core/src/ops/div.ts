import { binary } from "./snippets/binary.ts";

/** a / b, broadcast. */
export const divOp = binary({
  name: "div",
  expression: "u / v",
  f64: (u, v) => u / v,
  tfjs: (tf, a, b) => tf.div(a, b),
  vjp: (p, a, b, dy) => [p.div(dy, b), p.neg(p.div(p.mul(dy, a), p.mul(b, b)))],
});
