import { binary } from "./snippets/binary.ts";

/** a + b, broadcast. */
export const addOp = binary({
  name: "add",
  expression: "u + v",
  f64: (u, v) => u + v,
  tfjs: (tf, a, b) => tf.add(a, b),
  vjp: (_p, _a, _b, dy) => [dy, dy],
});
