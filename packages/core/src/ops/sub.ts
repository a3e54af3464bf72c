import { binary } from "./snippets/binary.ts";

/** a - b, broadcast. */
export const subOp = binary({
  name: "sub",
  expression: "u - v",
  f64: (u, v) => u - v,
  tfjs: (tf, a, b) => tf.sub(a, b),
  vjp: (p, _a, _b, dy) => [dy, p.neg(dy)],
});
