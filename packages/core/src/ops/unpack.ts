import { definePrimitive } from "../op.ts";
import { expectDType, lastDim } from "../shape.ts";
import { wgsl } from "../wgsl.ts";
import { elementwiseKernel } from "./snippets/elementwise.ts";

export interface UnpackAttrs {
  /** Bits of an integer, two's complement; the first of a word lies in its lowest bits. */
  readonly bits: 8 | 4;
}

/** Signed integers packed in words as f32: u32 [..., w] -> [..., w * 32 / bits]. No gradient. */
export const unpackOp = definePrimitive<"x", never, UnpackAttrs>({
  name: "unpack",
  inputs: ["x"],
  infer({ x }, { bits }) {
    expectDType("unpack", "x", x, ["u32"]);
    return [{ dtype: "f32", shape: [...x.shape.slice(0, -1), (lastDim(x) * 32) / bits] }];
  },
  f64: ({ x }, { bits }) => [Float64Array.from(integers(x.data, bits))],
  // Read on the CPU: most tfjs backends have no exact 32-bit integer arithmetic.
  tfjs: (tf, { x }, { bits }, outputs) => [
    tf.tensor(Float32Array.from(integers(x.dataSync(), bits)), [...outputs[0]!.shape], "float32"),
  ],
  vjp: () => ({ x: null }),
  lower({ inputs: { x }, outputs }, { bits }, adapter) {
    const perWord = 32 / bits;
    const body = wgsl`y[i] = f32(extractBits(bitcast<i32>(x[i / ${perWord}u]), i % ${perWord}u * ${bits}u, ${bits}u));`;
    return elementwiseKernel({ x }, outputs[0]!, adapter, body);
  },
});

function integers(words: ArrayLike<number>, bits: 8 | 4): Int32Array {
  const perWord = 32 / bits;
  const values = new Int32Array(words.length * perWord);
  for (let i = 0; i < values.length; i++) {
    const left = 32 - bits * (1 + (i % perWord)); // bits above the integer
    values[i] = (words[Math.floor(i / perWord)]! << left) >> (32 - bits);
  }
  return values;
}
