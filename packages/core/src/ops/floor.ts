import { unary } from "./snippets/unary.ts";

/** Largest integer not above x; no gradient. */
export const floorOp = unary({
  name: "floor",
  expression: "floor(v)",
  f64: (v) => Math.floor(v),
  tfjs: (tf, x) => tf.floor(x),
  vjp: () => null,
});
