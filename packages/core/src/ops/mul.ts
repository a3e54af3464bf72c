import { binary } from "./snippets/binary.ts";

/** a * b, broadcast. */
export const mulOp = binary({
  name: "mul",
  expression: "u * v",
  f64: (u, v) => u * v,
  tfjs: (tf, a, b) => tf.mul(a, b),
  vjp: (p, a, b, dy) => [p.mul(dy, b), p.mul(dy, a)],
});
