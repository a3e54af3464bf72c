import type { Primitive } from "../op.ts";
import { concatOp } from "../ops/concat.ts";
import { divOp } from "../ops/div.ts";
import { equalOp } from "../ops/equal.ts";
import { erfOp } from "../ops/erf.ts";
import { expOp } from "../ops/exp.ts";
import { greaterOp } from "../ops/greater.ts";
import { logOp } from "../ops/log.ts";
import { matmulOp } from "../ops/matmul.ts";
import { maxOp } from "../ops/max.ts";
import { maximumOp } from "../ops/maximum.ts";
import { rsqrtOp } from "../ops/rsqrt.ts";
import { sqrtOp } from "../ops/sqrt.ts";
import { stopGradientOp } from "../ops/stop-gradient.ts";
import { subOp } from "../ops/sub.ts";
import { sumOp } from "../ops/sum.ts";
import { tanhOp } from "../ops/tanh.ts";
import { transposeOp } from "../ops/transpose.ts";
import { unpackOp } from "../ops/unpack.ts";
import { normalizeAxis } from "../shape.ts";
import { apply } from "./apply.ts";
import {
  add,
  affine,
  broadcastTo,
  cast,
  fill,
  gather,
  iota,
  mul,
  reshape,
  slice,
  withNumber,
} from "./forward-primitives.ts";
import type { PrimitiveSet } from "./primitive-set.ts";
import type { Tensor } from "./tensor.ts";

const unary = (op: Primitive<"x">) => (x: Tensor) => apply(op, { x }, {})[0]!;
const binary = (op: Primitive<"a" | "b">) => (a: Tensor, b: Tensor) => apply(op, { a, b }, {})[0]!;

function axesOf(op: string, x: Tensor, axes: readonly number[] = [-1]): number[] {
  return axes.map((axis) => normalizeAxis(op, axis, x)).sort((a, b) => a - b);
}

function sum(x: Tensor, axes?: readonly number[]): Tensor {
  return apply(sumOp, { x }, { axes: axesOf("sum", x, axes) })[0]!;
}

function max(x: Tensor, axes?: readonly number[]): Tensor {
  return apply(maxOp, { x }, { axes: axesOf("max", x, axes) })[0]!;
}

function mean(x: Tensor, axes?: readonly number[]): Tensor {
  const count = axesOf("mean", x, axes).reduce((product, axis) => product * x.shape[axis]!, 1);
  return affine(sum(x, axes), 1 / count, 0);
}

function sumTo(x: Tensor, shape: readonly number[]): Tensor {
  const offset = x.shape.length - shape.length;
  const axes = x.shape.flatMap((extent, axis) => (axis < offset || shape[axis - offset] !== extent ? [axis] : []));
  return reshape(axes.length > 0 ? sum(x, axes) : x, shape);
}

/** log of the softmax over the last axis; the maximum is subtracted first. */
function logSoftmax(x: Tensor): Tensor {
  const shifted = primitives.sub(x, max(x));
  return primitives.sub(shifted, primitives.log(sum(primitives.exp(shifted))));
}

function softmax(x: Tensor): Tensor {
  const exponents = primitives.exp(primitives.sub(x, max(x)));
  return primitives.div(exponents, sum(exponents));
}

/** The primitives as functions over symbolic tensors. */
export const primitives: PrimitiveSet = {
  add,
  sub: withNumber(subOp, (a, b) => affine(a, 1, -b)),
  mul,
  div: withNumber(divOp, (a, b) => affine(a, 1 / b, 0)),
  maximum: binary(maximumOp),
  greater: binary(greaterOp),
  equal: binary(equalOp),
  neg: (x) => affine(x, -1, 0),
  exp: unary(expOp),
  log: unary(logOp),
  sqrt: unary(sqrtOp),
  rsqrt: unary(rsqrtOp),
  erf: unary(erfOp),
  tanh: unary(tanhOp),
  cast,
  unpack: (x, bits) => apply(unpackOp, { x }, { bits })[0]!,
  stopGradient: unary(stopGradientOp),
  sum,
  mean,
  max,
  sumTo,
  broadcastTo,
  matmul: (a, b, { transposeA = false, transposeB = false } = {}) =>
    apply(matmulOp, { a, b }, { transposeA, transposeB })[0]!,
  reshape,
  transpose: (x, permutation) => apply(transposeOp, { x }, { permutation })[0]!,
  slice,
  concat: (tensors, axis) =>
    tensors.reduce((a, b) => apply(concatOp, { a, b }, { axis: normalizeAxis("concat", axis, a) })[0]!),
  gather,
  iota,
  fill,
  softmax,
  logSoftmax,
};
