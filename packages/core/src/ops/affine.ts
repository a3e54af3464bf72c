import { definePrimitive } from "../op.ts";
import { expectFloat } from "../shape.ts";
import { f32Literal, wgsl } from "../wgsl.ts";
import { elementwiseKernel } from "./snippets/elementwise.ts";

export interface AffineAttrs {
  readonly scale: number;
  readonly shift: number;
}

/** scale * x + shift with constants: what adding or multiplying by a number becomes. */
export const affineOp = definePrimitive<"x", never, AffineAttrs>({
  name: "affine",
  inputs: ["x"],
  infer({ x }) {
    expectFloat("affine", "x", x);
    return [x];
  },
  f64: ({ x }, { scale, shift }) => [x.data.map((v) => scale * v + shift)],
  tfjs(tf, { x }, { scale, shift }) {
    const scaled = scale === 1 ? x : tf.mul(x, scale);
    return [shift === 0 && scale !== 1 ? scaled : tf.add(scaled, shift)];
  },
  vjp: (p, { grads }, { scale }) => ({ x: p.mul(grads[0]!, scale) }),
  lower({ inputs, outputs }, { scale, shift }, adapter) {
    const y = outputs[0]!;
    const body = wgsl`y[i] = ${y.dtype}(f32(x[i]) * ${f32Literal(scale)} + ${f32Literal(shift)});`;
    return elementwiseKernel({ x: inputs.x }, y, adapter, body);
  },
});
