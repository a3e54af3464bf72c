import { apply } from "../graph/apply.ts";
import type { Tensor } from "../graph/tensor.ts";
import { definePrimitive } from "../op.ts";
import { expectDType, expectShape } from "../shape.ts";
import { elementCount, type Shape } from "../spec.ts";
import { wgsl } from "../wgsl.ts";
import { streamSeed } from "./fold-seed.ts";
import { elementwiseKernel } from "./snippets/elementwise.ts";
import { ELEMENT_STREAM, randomBits, randomBitsWgsl, UNIFORM_STEPS } from "./snippets/random.ts";

export interface RandomUniformAttrs {
  readonly shape: Shape;
}

/** Numbers in [0, 1), multiples of 2^-24, by the seed and the place of the element alone. */
export const randomUniformOp = definePrimitive<"seed", never, RandomUniformAttrs>({
  name: "randomUniform",
  inputs: ["seed"],
  infer({ seed }, { shape }) {
    expectDType("randomUniform", "seed", seed, ["u32"]);
    expectShape("randomUniform", "seed", seed, []);
    return [{ dtype: "f32", shape }];
  },
  f64: ({ seed }, { shape }) => [Float64Array.from(uniforms(seed.data[0]!, elementCount(shape)))],
  // Integer products modulo 2^32 are not among tfjs's ops.
  tfjs: (tf, { seed }, { shape }) => [
    tf.tensor(uniforms(seed.dataSync()[0]!, elementCount(shape)), [...shape], "float32"),
  ],
  vjp: () => ({ seed: null }),
  lower({ inputs: { seed }, outputs }, _attrs, adapter) {
    const body = wgsl`y[i] = f32(randomBits(i, ${ELEMENT_STREAM}u, seed[0]) >> 8u) / ${UNIFORM_STEPS}.0;`;
    const kernel = elementwiseKernel({ seed }, outputs[0]!, adapter, body);
    return { ...kernel, source: wgsl`${kernel.source}\n${randomBitsWgsl}` };
  },
});

function uniforms(seed: number, count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => (randomBits(i, ELEMENT_STREAM, seed) >>> 8) / UNIFORM_STEPS);
}

export interface RandomOptions {
  /** u32 []: the same seed gives the same numbers, on every executor. */
  readonly seed: Tensor;
  /** Whole number that sets draws from one seed apart. Default 0. */
  readonly stream?: number;
}

/** Uniform random numbers f32 of `shape` in [0, 1), by a counter-based generator. Throws DTypeError unless seed is u32. */
export function randomUniform(shape: Shape, { seed, stream = 0 }: RandomOptions): Tensor {
  return apply(randomUniformOp, { seed: streamSeed(seed, stream) }, { shape: [...shape] })[0]!;
}
