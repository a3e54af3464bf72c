import { apply } from "../graph/apply.ts";
import type { Tensor } from "../graph/tensor.ts";
import { defineFused } from "../op.ts";
import { expectFloat } from "../shape.ts";
import { wgsl } from "../wgsl.ts";
import { activations } from "./snippets/activation.ts";
import { elementwiseKernel } from "./snippets/elementwise.ts";

const { apply: define, wgsl: activate } = activations.gelu;

/** x Φ(x), Φ the normal distribution function: the erf form of Hendrycks and Gimpel 2016, arXiv 1606.08415. */
export const geluOp = defineFused<"x">({
  name: "gelu",
  inputs: ["x"],
  infer({ x }) {
    expectFloat("gelu", "x", x);
    return [x];
  },
  define: (p, { x }) => [define(p, x)],
  lower({ inputs: { x }, outputs }, _attrs, adapter) {
    const y = outputs[0]!;
    const kernel = elementwiseKernel({ x }, y, adapter, wgsl`y[i] = ${y.dtype}(activate(f32(x[i])));`);
    return { ...kernel, source: wgsl`${kernel.source}\n${activate}` };
  },
});

/** GELU of every element, as `torch.nn.functional.gelu`; x f32 or f16 of any shape. */
export function gelu(x: Tensor): Tensor {
  return apply(geluOp, { x }, {})[0]!;
}
