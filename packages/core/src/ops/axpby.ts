import { bindings } from "../bindings.ts";
import { apply } from "../graph/apply.ts";
import type { Tensor } from "../graph/tensor.ts";
import { defineFused } from "../op.ts";
import { expectDType, expectShape } from "../shape.ts";
import { elementCount } from "../spec.ts";
import { wgsl } from "../wgsl.ts";
import { inPlaceKernel } from "./snippets/in-place.ts";

/** y = factors[0] y + factors[1] x, in place, over flat arrays [n]. */
export const axpbyOp = defineFused<"y" | "x" | "factors">({
  name: "axpby",
  inputs: ["y", "x", "factors"],
  inPlace: ["y"],
  effect: true,
  infer({ y, x, factors }) {
    for (const [name, spec] of Object.entries({ y, x, factors })) expectDType("axpby", name, spec, ["f32"]);
    expectShape("axpby", "x", x, y.shape);
    expectShape("axpby", "factors", factors, [2]);
    return [y];
  },
  define(p, { y, x, factors }) {
    const factor = (i: number) => p.slice(factors, [i], [1]);
    return [p.add(p.mul(y, factor(0)), p.mul(x, factor(1)))];
  },
  flops: ({ inputs }) => 3 * elementCount(inputs.y.shape),
  lower({ inputs }, _attrs, adapter) {
    const declarations = bindings(inputs, {}, { inPlace: ["y"] });
    const body = wgsl`y[i] = factors[0] * y[i] + factors[1] * x[i];`;
    return inPlaceKernel({ declarations, count: elementCount(inputs.y.shape), adapter, body });
  },
});

/**
 * factors[0] y + factors[1] x written over `y` [n]: gradients that add up, with (1, 1). `factors` is f32 [2]. Throws
 * ShapeError or DTypeError.
 */
export function axpby(y: Tensor, x: Tensor, factors: Tensor): Tensor {
  return apply(axpbyOp, { y, x, factors }, {})[0]!;
}
