import type { F64Array, Operands } from "../op.ts";
import { broadcastStrides, lastDim, stridesOf } from "../shape.ts";
import { elementCount, type TensorSpec } from "../spec.ts";
import type { BroadcastAttrs } from "./broadcast-to.ts";
import { blockSize, type ConcatAttrs } from "./concat.ts";
import type { IotaAttrs } from "./iota.ts";
import { matmulF64 } from "./matmul.f64.ts";
import type { MatmulAttrs } from "./matmul.ts";
import { LOWEST } from "./max.ts";
import { offsetOf, type SliceAttrs } from "./slice.ts";
import { binaryF64 } from "./snippets/binary-f64.ts";
import { erfF64 } from "./snippets/erf-f64.ts";
import { integers } from "./snippets/packed-integers.ts";
import type { ReduceAttrs } from "./snippets/reduce.ts";
import { reduceF64 } from "./snippets/reduce-f64.ts";
import { gatherStrided } from "./snippets/strided-f64.ts";
import { topKF64 } from "./top-k.f64.ts";
import type { TopKAttrs } from "./top-k.wgsl.ts";
import { permuted, type TransposeAttrs } from "./transpose.ts";
import type { UnpackAttrs } from "./unpack.ts";

type F64Rule<K extends string, A = object> = (
  inputs: Operands<K, never, F64Array>,
  attrs: A,
  outputs: readonly TensorSpec[],
) => readonly Float64Array[];

/** A rule whose operand names are forgotten; `apply` has checked them. */
type AnyF64Rule = {
  // biome-ignore lint/suspicious/noExplicitAny: a method's parameters may be narrower, so that all rules fit.
  apply(...args: Parameters<F64Rule<any, any>>): ReturnType<F64Rule<any, any>>;
}["apply"];

/** Rules in double precision that only the oracle loads: pages that run on a device do not. */
export const f64Rules: Readonly<Record<string, AnyF64Rule>> = {
  add: binaryF64((u, v) => u + v),
  sub: binaryF64((u, v) => u - v),
  mul: binaryF64((u, v) => u * v),
  div: binaryF64((u, v) => u / v),
  maximum: binaryF64(Math.max),
  equal: binaryF64((u, v) => (u === v ? 1 : 0)),
  greater: binaryF64((u, v) => (u > v ? 1 : 0)),
  erf: unaryF64(erfF64),
  exp: unaryF64(Math.exp),
  floor: unaryF64(Math.floor),
  log: unaryF64(Math.log),
  rsqrt: unaryF64((v) => 1 / Math.sqrt(v)),
  sqrt: unaryF64(Math.sqrt),
  tanh: unaryF64(Math.tanh),
  sum: (({ x }, { axes }) => [reduceF64(x, axes, 0, (u, v) => u + v)]) satisfies F64Rule<"x", ReduceAttrs>,
  max: (({ x }, { axes }) => [reduceF64(x, axes, LOWEST, Math.max)]) satisfies F64Rule<"x", ReduceAttrs>,
  broadcastTo: (({ x }, { shape }) => [
    gatherStrided(x.data, shape, broadcastStrides(x.shape, shape), 0),
  ]) satisfies F64Rule<"x", BroadcastAttrs>,
  slice: (({ x }, { begin, size }) => [
    gatherStrided(x.data, size, stridesOf(x.shape), offsetOf(x.shape, begin)),
  ]) satisfies F64Rule<"x", SliceAttrs>,
  transpose: (({ x }, { permutation }, outputs) => [
    gatherStrided(x.data, outputs[0]!.shape, permuted(x.shape, permutation), 0),
  ]) satisfies F64Rule<"x", TransposeAttrs>,
  unpack: (({ x }, { bits }) => [Float64Array.from(integers(x.data, bits))]) satisfies F64Rule<"x", UnpackAttrs>,
  matmul: ((inputs, attrs, outputs) => [matmulF64(inputs, attrs, outputs[0]!)]) satisfies F64Rule<
    "a" | "b",
    MatmulAttrs
  >,
  topK: (({ x }, attrs) => topKF64(x, attrs)) satisfies F64Rule<"x", TopKAttrs>,
  iota: ((_inputs, { shape, axis }) => {
    const stride = stridesOf(shape)[axis]!;
    return [Float64Array.from({ length: elementCount(shape) }, (_, i) => Math.floor(i / stride) % shape[axis]!)];
  }) satisfies F64Rule<"like", IotaAttrs>,
  concat: (({ a, b }, { axis }, outputs) => [concatF64(a, b, axis, outputs[0]!)]) satisfies F64Rule<
    "a" | "b",
    ConcatAttrs
  >,
  gather: (({ table, indices }, _attrs, outputs) => {
    const width = lastDim(table);
    const result = new Float64Array(elementCount(outputs[0]!.shape));
    indices.data.forEach((index, row) => {
      const at = Math.min(Math.max(index, 0), table.shape[0]! - 1) * width;
      result.set(table.data.subarray(at, at + width), row * width);
    });
    return [result];
  }) satisfies F64Rule<"table" | "indices">,
};

function unaryF64(f: (v: number) => number): F64Rule<"x"> {
  return ({ x }) => [x.data.map((v) => f(v))];
}

function concatF64(a: F64Array, b: F64Array, axis: number, output: TensorSpec): Float64Array {
  const result = new Float64Array(a.data.length + b.data.length);
  const blockA = blockSize(a.shape, axis);
  const blockB = blockSize(b.shape, axis);
  const blocks = result.length === 0 ? 0 : result.length / blockSize(output.shape, axis);
  for (let block = 0; block < blocks; block++) {
    const at = block * (blockA + blockB);
    result.set(a.data.subarray(block * blockA, (block + 1) * blockA), at);
    result.set(b.data.subarray(block * blockB, (block + 1) * blockB), at + blockA);
  }
  return result;
}
