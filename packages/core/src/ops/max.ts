import { definePrimitive } from "../op.ts";
import { expectFloat } from "../shape.ts";
import { elementCount } from "../spec.ts";
import { type ReduceAttrs, reduceKernel } from "./snippets/reduce.ts";

export const LOWEST = -3.4028234663852886e38; // WGSL has no literal for -infinity

/** Largest value over axes. Used to shift exponents, where the gradient cancels: none flows. */
export const maxOp = definePrimitive<"x", never, ReduceAttrs>({
  name: "max",
  inputs: ["x"],
  infer({ x }, { axes }) {
    expectFloat("max", "x", x);
    return [{ dtype: x.dtype, shape: x.shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent)) }];
  },
  tfjs: (tf, { x }, { axes }) => [tf.max(x, [...axes], true)],
  vjp: () => ({ x: null }),
  flops: ({ inputs }) => elementCount(inputs.x.shape),
  lower: ({ inputs: { x }, outputs }, { axes }, adapter) =>
    reduceKernel(x, outputs[0]!, axes, { initial: LOWEST, join: "max(u, v)" }, adapter),
});
