import { GraphError } from "../errors.ts";
import { apply } from "../graph/apply.ts";
import type { Tensor } from "../graph/tensor.ts";
import { defineFused, type FusedOp } from "../op.ts";
import { expectDType, expectFloat, expectShape } from "../shape.ts";
import { f32Literal, wgsl } from "../wgsl.ts";
import { streamSeed } from "./fold-seed.ts";
import { type RandomOptions, randomUniformOp } from "./random-uniform.ts";
import { elementwiseKernel } from "./snippets/elementwise.ts";
import { ELEMENT_STREAM, randomBitsWgsl, UNIFORM_STEPS } from "./snippets/random.ts";

export interface DropoutAttrs {
  /** Share of the elements that become 0, in 2^-24. */
  readonly dropped: number;
}

/** x / (1 - rate) where a random number is not below the rate, else 0. The mask is never stored: backward draws it again. */
export const dropoutOp: FusedOp<"x" | "seed", never, DropoutAttrs> = defineFused({
  name: "dropout",
  inputs: ["x", "seed"],
  infer({ x, seed }) {
    expectFloat("dropout", "x", x);
    expectDType("dropout", "seed", seed, ["u32"]);
    expectShape("dropout", "seed", seed, []);
    return [x];
  },
  define(p, { x, seed }, { dropped }) {
    const uniform = apply(randomUniformOp, { seed }, { shape: x.shape })[0]!;
    const kept = p.greater(uniform, p.fill(x, [], (dropped - 1) / UNIFORM_STEPS));
    return [p.cast(p.mul(p.mul(p.cast(x, "f32"), kept), keptScale(dropped)), x.dtype)];
  },
  vjp: (_p, { inputs: { seed }, grads }, attrs) => ({
    x: apply(dropoutOp, { x: grads[0]!, seed }, attrs)[0]!,
    seed: null,
  }),
  lower({ inputs: { x, seed }, outputs }, { dropped }, adapter) {
    const y = outputs[0]!;
    const body = wgsl`
      let kept = randomBits(i, ${ELEMENT_STREAM}u, seed[0]) >> 8u >= ${dropped}u;
      y[i] = ${y.dtype}(select(0.0, f32(x[i]) * ${f32Literal(keptScale(dropped))}, kept));`;
    const kernel = elementwiseKernel({ x, seed }, y, adapter, body);
    return { ...kernel, source: wgsl`${kernel.source}\n${randomBitsWgsl}` };
  },
});

/** What the kept elements are multiplied by, so that the expectation stays. */
export function keptScale(dropped: number): number {
  return UNIFORM_STEPS / (UNIFORM_STEPS - dropped);
}

/** A rate in steps of 2^-24. Throws GraphError unless 0 <= rate < 1. */
export function droppedSteps(rate: number): number {
  if (!(rate >= 0 && rate < 1)) throw new GraphError(`dropout: rate must be from 0 to below 1, got ${rate}`);
  return Math.round(rate * UNIFORM_STEPS);
}

export interface DropoutOptions extends RandomOptions {
  /** Share of the elements that become 0; 0.1 in ALBEF's text encoder. */
  readonly rate: number;
}

/** Inverted dropout (Srivastava et al. 2014) of x f32 or f16, of any shape; the same mask wherever the graph runs. */
export function dropout(x: Tensor, { rate, seed, stream = 0 }: DropoutOptions): Tensor {
  const dropped = droppedSteps(rate);
  return dropped === 0 ? x : apply(dropoutOp, { x, seed: streamSeed(seed, stream) }, { dropped })[0]!;
}
