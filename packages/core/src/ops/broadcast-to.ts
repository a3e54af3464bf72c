import { ShapeError } from "../errors.ts";
import { definePrimitive } from "../op.ts";
import { broadcastShapes, broadcastStrides, sameShape } from "../shape.ts";
import { formatSpec, type Shape } from "../spec.ts";
import { wgsl } from "../wgsl.ts";
import { elementwiseKernel, stridedIndex } from "./snippets/elementwise.ts";

export interface BroadcastAttrs {
  readonly shape: Shape;
}

/** x repeated along new or unit axes. */
export const broadcastToOp = definePrimitive<"x", never, BroadcastAttrs>({
  name: "broadcastTo",
  inputs: ["x"],
  infer({ x }, { shape }) {
    if (!sameShape(broadcastShapes("broadcastTo", x, { dtype: x.dtype, shape }), shape)) {
      throw new ShapeError(`broadcastTo: ${formatSpec(x)} does not repeat to [${shape.join(",")}]`);
    }
    return [{ dtype: x.dtype, shape }];
  },
  tfjs: (tf, { x }, { shape }) => [tf.broadcastTo(x, [...shape])],
  vjp: (p, { inputs, grads }) => ({ x: p.sumTo(grads[0]!, inputs.x.shape) }),
  lower({ inputs: { x }, outputs }, _attrs, adapter) {
    const y = outputs[0]!;
    const body = wgsl`
      ${stridedIndex("ix", y.shape, broadcastStrides(x.shape, y.shape))}
      y[i] = x[ix];`;
    return elementwiseKernel({ x }, y, adapter, body);
  },
});
