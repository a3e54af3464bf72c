import { binary } from "./snippets/binary.ts";

/** The larger of a and b; at a tie the gradient goes to a. */
export const maximumOp = binary({
  name: "maximum",
  expression: "max(u, v)",
  vjp: (p, a, b, dy) => {
    const second = p.greater(b, a);
    return [p.mul(dy, p.add(p.neg(second), 1)), p.mul(dy, second)];
  },
});
