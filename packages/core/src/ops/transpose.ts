import { ShapeError } from "../errors.ts";
import { definePrimitive } from "../op.ts";
import { stridesOf } from "../shape.ts";
import { formatSpec } from "../spec.ts";
import { wgsl } from "../wgsl.ts";
import { elementwiseKernel, stridedIndex } from "./snippets/elementwise.ts";

export interface TransposeAttrs {
  /** Axis of x that becomes axis i of the result. */
  readonly permutation: readonly number[];
}

/** x with its axes in another order. */
export const transposeOp = definePrimitive<"x", never, TransposeAttrs>({
  name: "transpose",
  inputs: ["x"],
  infer({ x }, { permutation }) {
    const sorted = [...permutation].sort((a, b) => a - b);
    if (sorted.length !== x.shape.length || sorted.some((axis, i) => axis !== i)) {
      throw new ShapeError(`transpose: [${permutation.join(",")}] is no order of the axes of ${formatSpec(x)}`);
    }
    return [{ dtype: x.dtype, shape: permutation.map((axis) => x.shape[axis]!) }];
  },
  tfjs: (tf, { x }, { permutation }) => [tf.transpose(x, [...permutation])],
  vjp: (p, { grads }, { permutation }) => ({
    x: p.transpose(
      grads[0]!,
      permutation.map((_, axis) => permutation.indexOf(axis)),
    ),
  }),
  lower({ inputs: { x }, outputs }, { permutation }, adapter) {
    const y = outputs[0]!;
    const body = wgsl`
      ${stridedIndex("ix", y.shape, permuted(x.shape, permutation))}
      y[i] = x[ix];`;
    return elementwiseKernel({ x }, y, adapter, body);
  },
});

export function permuted(shape: readonly number[], permutation: readonly number[]): number[] {
  const strides = stridesOf(shape);
  return permutation.map((axis) => strides[axis]!);
}
