import { binary } from "./snippets/binary.ts";

/** a / b, broadcast. */
export const divOp = binary({
  name: "div",
  expression: "u / v",
  vjp: (p, a, b, dy) => [p.div(dy, b), p.neg(p.div(p.mul(dy, a), p.mul(b, b)))],
});
