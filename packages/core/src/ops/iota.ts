import { definePrimitive } from "../op.ts";
import { stridesOf } from "../shape.ts";
import type { DType, Shape } from "../spec.ts";
import { wgsl } from "../wgsl.ts";
import { elementwiseKernel } from "./snippets/elementwise.ts";

export interface IotaAttrs {
  readonly shape: Shape;
  readonly axis: number;
  readonly dtype: DType;
}

/** 0, 1, 2, ... along an axis. `like` only says which graph. */
export const iotaOp = definePrimitive<"like", never, IotaAttrs>({
  name: "iota",
  inputs: ["like"],
  infer: (_inputs, { shape, dtype }) => [{ dtype, shape }],
  tfjs(tf, _inputs, { shape, axis, dtype }) {
    const line = tf.range(0, shape[axis]!, 1, dtype === "f32" || dtype === "f16" ? "float32" : "int32");
    return [
      tf.broadcastTo(
        tf.reshape(
          line,
          shape.map((extent, i) => (i === axis ? extent : 1)),
        ),
        [...shape],
      ),
    ];
  },
  vjp: () => ({ like: null }),
  lower({ inputs, outputs }, { shape, axis }, adapter) {
    const y = outputs[0]!;
    const body = wgsl`
      _ = &like;
      y[i] = ${y.dtype}((i / ${stridesOf(shape)[axis]!}u) % ${shape[axis]!}u);`;
    return elementwiseKernel({ like: inputs.like }, y, adapter, body);
  },
});
