import { apply } from "../graph/apply.ts";
import { defineFused } from "../op.ts";
import { expectFloat, expectShape } from "../shape.ts";
import { wgsl } from "../wgsl.ts";
import type { geluOp } from "./gelu.ts";
import { activations } from "./snippets/activation.ts";
import { slopes } from "./snippets/activation-slope.ts";
import { elementwiseKernel } from "./snippets/elementwise.ts";

/** dy * (Φ(x) + x φ(x)), Φ and φ being the normal distribution and its density. */
export const geluBackwardOp = defineFused<"x" | "dy">({
  name: "geluBackward",
  inputs: ["x", "dy"],
  infer({ x, dy }) {
    expectFloat("geluBackward", "x", x);
    expectFloat("geluBackward", "dy", dy);
    expectShape("geluBackward", "dy", dy, x.shape);
    return [x];
  },
  define(p, { x, dy }) {
    const slope = activations.gelu.derivative(p, p.cast(x, "f32"));
    return [p.cast(p.mul(p.cast(dy, "f32"), slope), x.dtype)];
  },
  lower({ inputs, outputs }, _attrs, adapter) {
    const y = outputs[0]!;
    const kernel = elementwiseKernel(inputs, y, adapter, wgsl`y[i] = ${y.dtype}(f32(dy[i]) * slope(f32(x[i])));`);
    return { ...kernel, source: wgsl`${kernel.source}\n${slopes.gelu}` };
  },
});

export const geluVjp: NonNullable<(typeof geluOp)["vjp"]> = (_p, { inputs: { x }, grads }) => ({
  x: apply(geluBackwardOp, { x, dy: grads[0]! }, {})[0]!,
});
