import { erfWgsl } from "./snippets/erf.ts";
import { unary } from "./snippets/unary.ts";

/** The error function, exact to f32 (GELU needs the erf form, not tanh). */
export const erfOp = unary({
  name: "erf",
  expression: "erf(v)",
  declarations: erfWgsl,
  vjp: (p, x, _y, dy) => p.mul(dy, p.mul(p.exp(p.neg(p.mul(x, x))), 2 / Math.sqrt(Math.PI))),
});
