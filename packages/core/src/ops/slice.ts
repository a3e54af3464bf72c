import { ShapeError } from "../errors.ts";
import { definePrimitive } from "../op.ts";
import { stridesOf } from "../shape.ts";
import { formatSpec, type Shape } from "../spec.ts";
import { wgsl } from "../wgsl.ts";
import { elementwiseKernel, stridedIndex } from "./snippets/elementwise.ts";

export interface SliceAttrs {
  readonly begin: readonly number[];
  readonly size: Shape;
}

/** The block of `size` elements that starts at `begin`. */
export const sliceOp = definePrimitive<"x", never, SliceAttrs>({
  name: "slice",
  inputs: ["x"],
  infer({ x }, { begin, size }) {
    const fits =
      begin.length === x.shape.length &&
      size.length === x.shape.length &&
      x.shape.every((extent, axis) => begin[axis]! >= 0 && size[axis]! >= 0 && begin[axis]! + size[axis]! <= extent);
    if (!fits) {
      throw new ShapeError(`slice: [${size.join(",")}] from [${begin.join(",")}] is not inside ${formatSpec(x)}`);
    }
    return [{ dtype: x.dtype, shape: size }];
  },
  tfjs: (tf, { x }, { begin, size }) => [tf.slice(x, [...begin], [...size])],
  vjp: "later",
  lower({ inputs: { x }, outputs }, { begin }, adapter) {
    const y = outputs[0]!;
    const body = wgsl`
      ${stridedIndex("ix", y.shape, stridesOf(x.shape), offsetOf(x.shape, begin))}
      y[i] = x[ix];`;
    return elementwiseKernel({ x }, y, adapter, body);
  },
});

export function offsetOf(shape: Shape, begin: readonly number[]): number {
  return stridesOf(shape).reduce((offset, stride, axis) => offset + stride * begin[axis]!, 0);
}
