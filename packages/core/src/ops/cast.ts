import { definePrimitive } from "../op.ts";
import type { DType } from "../spec.ts";
import { wgsl } from "../wgsl.ts";
import { elementwiseKernel } from "./snippets/elementwise.ts";

export interface CastAttrs {
  readonly dtype: DType;
}

/** The same values in another element type; floats become integers by truncation. */
export const castOp = definePrimitive<"x", never, CastAttrs>({
  name: "cast",
  inputs: ["x"],
  infer: ({ x }, { dtype }) => [{ dtype, shape: x.shape }],
  f64({ x }, { dtype }) {
    if (dtype === "f32" || dtype === "f16") return [x.data];
    return [x.data.map((v) => Math.trunc(v))];
  },
  tfjs: (tf, { x }, { dtype }) => [tf.cast(x, dtype === "f32" || dtype === "f16" ? "float32" : "int32")],
  vjp: (p, { inputs, grads }) => ({
    x: inputs.x.dtype === "f32" || inputs.x.dtype === "f16" ? p.cast(grads[0]!, inputs.x.dtype) : null,
  }),
  lower({ inputs, outputs }, _attrs, adapter) {
    const y = outputs[0]!;
    return elementwiseKernel({ x: inputs.x }, y, adapter, wgsl`y[i] = ${y.dtype}(x[i]);`);
  },
});
