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
  vjp: () => ({ x: null }),
  lower({ inputs: { x }, outputs }, { bits }, adapter) {
    const perWord = 32 / bits;
    const body = wgsl`y[i] = f32(extractBits(bitcast<i32>(x[i / ${perWord}u]), i % ${perWord}u * ${bits}u, ${bits}u));`;
    return elementwiseKernel({ x }, outputs[0]!, adapter, body);
  },
});
