import { binary } from "./snippets/binary.ts";

/** a * b, broadcast. */
export const mulOp = binary({
  name: "mul",
  expression: "u * v",
  vjp: (p, a, b, dy) => [p.mul(dy, b), p.mul(dy, a)],
});
