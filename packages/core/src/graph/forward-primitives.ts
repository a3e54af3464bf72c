import type { Primitive } from "../op.ts";
import { addOp } from "../ops/add.ts";
import { affineOp } from "../ops/affine.ts";
import { broadcastToOp } from "../ops/broadcast-to.ts";
import { castOp } from "../ops/cast.ts";
import { fillOp } from "../ops/fill.ts";
import { gatherOp } from "../ops/gather.ts";
import { iotaOp } from "../ops/iota.ts";
import { mulOp } from "../ops/mul.ts";
import { reshapeOp } from "../ops/reshape.ts";
import { sliceOp } from "../ops/slice.ts";
import { sameShape } from "../shape.ts";
import type { DType, Shape } from "../spec.ts";
import { apply } from "./apply.ts";
import type { Tensor } from "./tensor.ts";

// The primitives that forward passes call by themselves: pages that only run models load these and no others.

export function affine(x: Tensor, scale: number, shift: number): Tensor {
  return apply(affineOp, { x }, { scale, shift })[0]!;
}

/** A binary primitive whose second operand may be a number. */
export function withNumber(op: Primitive<"a" | "b">, constant: (a: Tensor, b: number) => Tensor) {
  return (a: Tensor, b: Tensor | number) => (typeof b === "number" ? constant(a, b) : apply(op, { a, b }, {})[0]!);
}

/** a + b; they broadcast, and a number stands for a constant. */
export function add(a: Tensor, b: Tensor | number): Tensor {
  return withNumber(addOp, (x, shift) => affine(x, 1, shift))(a, b);
}

/** a * b; they broadcast, and a number stands for a constant. */
export function mul(a: Tensor, b: Tensor | number): Tensor {
  return withNumber(mulOp, (x, scale) => affine(x, scale, 0))(a, b);
}

/** `x` repeated along axes of extent 1 to `shape`. */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : apply(broadcastToOp, { x }, { shape })[0]!;
}

export function cast(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? x : apply(castOp, { x }, { dtype })[0]!;
}

/** The same elements under another shape. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : apply(reshapeOp, { x }, { shape })[0]!;
}

/** The part of `x` from `begin` on, of extents `size`. */
export function slice(x: Tensor, begin: readonly number[], size: readonly number[]): Tensor {
  return sameShape(x.shape, size) ? x : apply(sliceOp, { x }, { begin, size })[0]!;
}

/** Rows of `table` [rows, width] at `indices` [...] -> [..., width]. */
export function gather(table: Tensor, indices: Tensor): Tensor {
  return apply(gatherOp, { table, indices }, {})[0]!;
}

/** 0, 1, 2, ... along `axis` of a tensor of `shape`, on `like`'s graph. */
export function iota(like: Tensor, shape: Shape, axis: number, dtype: DType = "f32"): Tensor {
  return apply(iotaOp, { like }, { shape, axis, dtype })[0]!;
}

export function fill(like: Tensor, shape: Shape, value: number, dtype: DType = "f32"): Tensor {
  return apply(fillOp, { like }, { shape, value, dtype })[0]!;
}
