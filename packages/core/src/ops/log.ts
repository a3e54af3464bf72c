import { unary } from "./snippets/unary.ts";

/** Natural logarithm. */
export const logOp = unary({
  name: "log",
  expression: "log(v)",
  vjp: (p, x, _y, dy) => p.div(dy, x),
});
