import { ShapeError } from "../errors.ts";
import { definePrimitive } from "../op.ts";
import { elementCount, formatSpec, type Shape } from "../spec.ts";

export interface ReshapeAttrs {
  readonly shape: Shape;
}

/** The same elements under another shape: a view, never a copy. */
export const reshapeOp = definePrimitive<"x", never, ReshapeAttrs>({
  name: "reshape",
  inputs: ["x"],
  view: true,
  infer({ x }, { shape }) {
    if (elementCount(shape) !== elementCount(x.shape)) {
      throw new ShapeError(
        `reshape: ${formatSpec(x)} does not hold the ${elementCount(shape)} elements of [${shape.join(",")}]`,
      );
    }
    return [{ dtype: x.dtype, shape }];
  },
  f64: ({ x }) => [x.data],
  tfjs: (tf, { x }, { shape }) => [tf.reshape(x, [...shape])],
  vjp: (p, { inputs, grads }) => ({ x: p.reshape(grads[0]!, inputs.x.shape) }),
});
