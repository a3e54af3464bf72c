import { binary } from "./snippets/binary.ts";

/** a - b, broadcast. */
export const subOp = binary({
  name: "sub",
  expression: "u - v",
  vjp: (p, _a, _b, dy) => [dy, p.neg(dy)],
});
