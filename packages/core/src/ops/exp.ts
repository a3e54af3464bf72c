import { unary } from "./snippets/unary.ts";

/** e to the power x. */
export const expOp = unary({
  name: "exp",
  expression: "exp(v)",
  vjp: (p, _x, y, dy) => p.mul(dy, y),
});
