import { unary } from "./snippets/unary.ts";

/** Square root. */
export const sqrtOp = unary({
  name: "sqrt",
  expression: "sqrt(v)",
  vjp: (p, _x, y, dy) => p.div(p.mul(dy, 0.5), y),
});
