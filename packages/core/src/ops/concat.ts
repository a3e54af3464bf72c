import { DTypeError, ShapeError } from "../errors.ts";
import { definePrimitive } from "../op.ts";
import { normalizeAxis, stridesOf } from "../shape.ts";
import { formatSpec } from "../spec.ts";
import { wgsl } from "../wgsl.ts";
import { elementwiseKernel } from "./snippets/elementwise.ts";

export interface ConcatAttrs {
  readonly axis: number;
}

/** a, then b, along an axis. */
export const concatOp = definePrimitive<"a" | "b", never, ConcatAttrs>({
  name: "concat",
  inputs: ["a", "b"],
  infer({ a, b }, attrs) {
    if (a.dtype !== b.dtype) throw new DTypeError(`concat: ${formatSpec(a)} and ${formatSpec(b)} differ in dtype`);
    const axis = normalizeAxis("concat", attrs.axis, a);
    if (a.shape.length !== b.shape.length || a.shape.some((extent, i) => i !== axis && extent !== b.shape[i])) {
      throw new ShapeError(`concat: ${formatSpec(a)} and ${formatSpec(b)} differ outside axis ${axis}`);
    }
    return [{ dtype: a.dtype, shape: a.shape.map((extent, i) => (i === axis ? extent + b.shape[i]! : extent)) }];
  },
  tfjs: (tf, { a, b }, { axis }) => [tf.concat([a, b], axis)],
  vjp(p, { inputs: { a, b }, grads }, { axis }) {
    const begin = a.shape.map((extent, i) => (i === axis ? extent : 0));
    return {
      a: p.slice(
        grads[0]!,
        a.shape.map(() => 0),
        a.shape,
      ),
      b: p.slice(grads[0]!, begin, b.shape),
    };
  },
  lower({ inputs: { a, b }, outputs }, { axis }, adapter) {
    const body = wgsl`
      const BLOCK_A = ${blockSize(a.shape, axis)}u;
      const BLOCK_B = ${blockSize(b.shape, axis)}u;
      let block = i / (BLOCK_A + BLOCK_B);
      let rest = i % (BLOCK_A + BLOCK_B);
      if (rest < BLOCK_A) { y[i] = a[block * BLOCK_A + rest]; } else { y[i] = b[block * BLOCK_B + rest - BLOCK_A]; }`;
    return elementwiseKernel({ a, b }, outputs[0]!, adapter, body);
  },
});

/** Elements of one run along `axis`. */
export function blockSize(shape: readonly number[], axis: number): number {
  return stridesOf(shape)[axis]! * shape[axis]!;
}
