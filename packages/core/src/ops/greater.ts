import { binary } from "./snippets/binary.ts";

/** 1 where a > b, else 0. A step: no gradient. */
export const greaterOp = binary({
  name: "greater",
  expression: "select(0.0, 1.0, u > v)",
  vjp: () => [null, null],
});
