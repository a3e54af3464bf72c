import { GraphError } from "../errors.ts";
import { apply } from "../graph/apply.ts";
import type { Tensor } from "../graph/tensor.ts";
import { definePrimitive } from "../op.ts";
import { expectDType, expectShape } from "../shape.ts";
import { wgsl } from "../wgsl.ts";
import { elementwiseKernel } from "./snippets/elementwise.ts";
import { randomBits, randomBitsWgsl, SEED_STREAM } from "./snippets/random.ts";

export interface FoldSeedAttrs {
  /** Hexadecimal digit of a stream's number. */
  readonly digit: number;
}

/** A new seed from a seed and a digit. The seed is a value, not kernel text, so all streams share their pipelines. */
export const foldSeedOp = definePrimitive<"seed", never, FoldSeedAttrs>({
  name: "foldSeed",
  inputs: ["seed"],
  infer({ seed }) {
    expectDType("foldSeed", "seed", seed, ["u32"]);
    expectShape("foldSeed", "seed", seed, []);
    return [{ dtype: "u32", shape: [] }];
  },
  f64: ({ seed }, { digit }) => [Float64Array.of(randomBits(digit, SEED_STREAM, seed.data[0]!))],
  tfjs: (tf, { seed }, { digit }) => [tf.scalar(randomBits(digit, SEED_STREAM, seed.dataSync()[0]!) | 0, "int32")],
  vjp: () => ({ seed: null }),
  lower({ inputs: { seed }, outputs }, { digit }, adapter) {
    const body = wgsl`y[i] = randomBits(${digit}u, ${SEED_STREAM}u, seed[0]);`;
    const kernel = elementwiseKernel({ seed }, outputs[0]!, adapter, body);
    return { ...kernel, source: wgsl`${kernel.source}\n${randomBitsWgsl}` };
  },
});

const MAX_STREAM = 2 ** 31 - 1;

/** The seed u32 [] of a numbered stream of `seed` u32 []. Streams 0 to 15 cost one tiny dispatch, up to 255 two. */
export function streamSeed(seed: Tensor, stream: number): Tensor {
  if (!Number.isInteger(stream) || stream < 0 || stream > MAX_STREAM)
    throw new GraphError(`random: stream must be a whole number from 0 to ${MAX_STREAM}, got ${stream}`);
  const digits = [...stream.toString(16)].map((digit) => Number.parseInt(digit, 16));
  return digits.reduceRight((folded, digit) => apply(foldSeedOp, { seed: folded }, { digit })[0]!, seed);
}
