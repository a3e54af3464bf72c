import { definePrimitive } from "../op.ts";

/** x itself, with no way back for gradients. */
export const stopGradientOp = definePrimitive<"x">({
  name: "stopGradient",
  inputs: ["x"],
  view: true,
  infer: ({ x }) => [x],
  f64: ({ x }) => [x.data],
  tfjs: (tf, { x }) => [tf.clone(x)],
  vjp: () => ({ x: null }),
});
