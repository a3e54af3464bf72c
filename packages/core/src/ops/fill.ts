import { definePrimitive } from "../op.ts";
import { type DType, elementCount, isFloat, type Shape } from "../spec.ts";
import { f32Literal, wgsl } from "../wgsl.ts";
import { elementwiseKernel } from "./snippets/elementwise.ts";

export interface FillAttrs {
  readonly shape: Shape;
  readonly value: number;
  readonly dtype: DType;
}

/** One value everywhere. `like` only says which graph. */
export const fillOp = definePrimitive<"like", never, FillAttrs>({
  name: "fill",
  inputs: ["like"],
  infer: (_inputs, { shape, dtype }) => [{ dtype, shape }],
  f64: (_inputs, { shape, value }) => [new Float64Array(elementCount(shape)).fill(value)],
  tfjs: (tf, _inputs, { shape, value, dtype }) => [tf.fill([...shape], value, isFloat(dtype) ? "float32" : "int32")],
  vjp: () => ({ like: null }),
  lower({ inputs, outputs }, { value }, adapter) {
    const y = outputs[0]!;
    const literal = isFloat(y.dtype) ? f32Literal(value) : String(value);
    const body = wgsl`
      _ = &like;
      y[i] = ${y.dtype}(${literal});`;
    return elementwiseKernel({ like: inputs.like }, y, adapter, body);
  },
});
