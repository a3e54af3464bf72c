import { binary } from "./snippets/binary.ts";

/** a + b, broadcast. */
export const addOp = binary({
  name: "add",
  expression: "u + v",
  vjp: (_p, _a, _b, dy) => [dy, dy],
});
