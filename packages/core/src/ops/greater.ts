import { binary } from "./snippets/binary.ts";

/** 1 where a > b, else 0. A step: no gradient. */
export const greaterOp = binary({
  name: "greater",
  expression: "select(0.0, 1.0, u > v)",
  f64: (u, v) => (u > v ? 1 : 0),
  tfjs: (tf, a, b) => tf.cast(tf.greater(a, b), "float32"),
  vjp: () => [null, null],
});
