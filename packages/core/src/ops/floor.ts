import { apply } from "../graph/apply.ts";
import type { Tensor } from "../graph/tensor.ts";
import { unary } from "./snippets/unary.ts";

/** Largest integer not above x; no gradient. */
export const floorOp = unary({
  name: "floor",
  expression: "floor(v)",
  vjp: () => null,
});

/** Largest integers not above x. */
export function floor(x: Tensor): Tensor {
  return apply(floorOp, { x }, {})[0]!;
}
