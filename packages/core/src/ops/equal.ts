import { binary } from "./snippets/binary.ts";

/** 1 where a = b, else 0, as f32. A step: no gradient. */
export const equalOp = binary({
  name: "equal",
  expression: "select(0.0, 1.0, u == v)",
  result: "f32",
  vjp: () => [null, null],
});
