import type { DType, Shape } from "../spec.ts";
import type { Tensor } from "./tensor.ts";

/**
 * The primitives as functions, given to `define` and `vjp` so that ops never import each other.
 * Binary functions broadcast; a number stands for a constant of the other operand's dtype.
 */
export interface PrimitiveSet {
  add(a: Tensor, b: Tensor | number): Tensor;
  sub(a: Tensor, b: Tensor | number): Tensor;
  mul(a: Tensor, b: Tensor | number): Tensor;
  div(a: Tensor, b: Tensor | number): Tensor;
  maximum(a: Tensor, b: Tensor): Tensor;
  /** 1 where a > b, else 0, in a's dtype; no gradient. */
  greater(a: Tensor, b: Tensor): Tensor;
  /** 1 where a = b, else 0, as f32; no gradient. */
  equal(a: Tensor, b: Tensor): Tensor;
  neg(x: Tensor): Tensor;
  exp(x: Tensor): Tensor;
  log(x: Tensor): Tensor;
  sqrt(x: Tensor): Tensor;
  rsqrt(x: Tensor): Tensor;
  erf(x: Tensor): Tensor;
  tanh(x: Tensor): Tensor;
  cast(x: Tensor, dtype: DType): Tensor;
  /** Signed 8-bit or 4-bit integers of u32 words [..., w] as f32 [..., w * 32 / bits]; no gradient. */
  unpack(words: Tensor, bits: 8 | 4): Tensor;
  /** Blocks the gradient. */
  stopGradient(x: Tensor): Tensor;
  /** Reductions keep the reduced axes as 1. Default axis: the last. */
  sum(x: Tensor, axes?: readonly number[]): Tensor;
  mean(x: Tensor, axes?: readonly number[]): Tensor;
  max(x: Tensor, axes?: readonly number[]): Tensor;
  /** Sums `x` down to `shape`: the gradient of broadcasting. */
  sumTo(x: Tensor, shape: Shape): Tensor;
  broadcastTo(x: Tensor, shape: Shape): Tensor;
  /** Batched product over the last two axes; leading axes broadcast. */
  matmul(a: Tensor, b: Tensor, options?: { readonly transposeA?: boolean; readonly transposeB?: boolean }): Tensor;
  reshape(x: Tensor, shape: Shape): Tensor;
  transpose(x: Tensor, permutation: readonly number[]): Tensor;
  slice(x: Tensor, begin: readonly number[], size: readonly number[]): Tensor;
  concat(tensors: readonly Tensor[], axis: number): Tensor;
  /** Rows of `table` [rows, width] at `indices` [...] -> [..., width]. */
  gather(table: Tensor, indices: Tensor): Tensor;
  /** 0, 1, 2, ... along `axis` of a tensor of `shape`, on `like`'s graph. */
  iota(like: Tensor, shape: Shape, axis: number, dtype?: DType): Tensor;
  fill(like: Tensor, shape: Shape, value: number, dtype?: DType): Tensor;
  softmax(x: Tensor): Tensor;
  logSoftmax(x: Tensor): Tensor;
}
