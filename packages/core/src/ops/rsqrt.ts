import { unary } from "./snippets/unary.ts";

/** 1 / sqrt(x). */
export const rsqrtOp = unary({
  name: "rsqrt",
  expression: "inverseSqrt(v)",
  vjp: (p, _x, y, dy) => p.mul(p.mul(dy, -0.5), p.mul(y, p.mul(y, y))),
});
