import { unary } from "./snippets/unary.ts";

/** Hyperbolic tangent; clamped because some drivers compute it as a quotient of exponentials that overflow. */
export const tanhOp = unary({
  name: "tanh",
  expression: "tanh(clamp(v, -20.0, 20.0))",
  vjp: (p, _x, y, dy) => p.sub(dy, p.mul(dy, p.mul(y, y))),
});
