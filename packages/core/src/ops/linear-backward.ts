import { bindings } from "../bindings.ts";
import { apply } from "../graph/apply.ts";
import type { PrimitiveSet } from "../graph/primitive-set.ts";
import type { Tensor } from "../graph/tensor.ts";
import { defineFused, type Operands } from "../op.ts";
import { startOf } from "../product-spec.ts";
import { expectFloat, expectRank, expectShape, lastDim, rowCount } from "../shape.ts";
import { elementCount } from "../spec.ts";
import { wgsl } from "../wgsl.ts";
import { columnSum } from "./column-sum.ts";
import type { LinearAttrs, linearOp } from "./linear.ts";
import { mixedMatmul } from "./mixed-matmul.ts";
import { activations } from "./snippets/activation.ts";
import { slopes } from "./snippets/activation-slope.ts";
import { productKernel, storedFactor, vectorWidth } from "./snippets/product.ts";

type Inputs = "x" | "weight" | "dy";

/** dy * activation'(x Wᵀ + bias): the sum before the activation is computed again, not kept from the forward. */
export const linearSlopeOp = defineFused<Inputs, "bias", LinearAttrs>({
  name: "linearSlope",
  inputs: ["x", "weight", "dy"],
  optional: ["bias"],
  infer({ x, weight, dy, bias }) {
    for (const [name, spec] of Object.entries({ x, weight, dy })) expectFloat("linearSlope", name, spec);
    expectRank("linearSlope", "weight", weight, 2);
    expectShape("linearSlope", "weight", weight, [weight.shape[0]!, lastDim(x)]);
    expectShape("linearSlope", "dy", dy, [...x.shape.slice(0, -1), weight.shape[0]!]);
    if (bias) expectShape("linearSlope", "bias", bias, [weight.shape[0]!]);
    return [{ dtype: x.dtype, shape: dy.shape }];
  },
  define(p, inputs, { activation }) {
    const { x, dy } = inputs;
    const slope = activations[activation].derivative(p, preActivation(p, inputs));
    return [p.cast(p.mul(p.cast(dy, "f32"), slope), x.dtype)];
  },
  flops: ({ inputs: { x }, outputs }) => 2 * lastDim(x) * elementCount(outputs[0]!.shape),
  lower({ inputs: { x, weight, dy, bias }, outputs }, { activation }, adapter) {
    const du = outputs[0]!;
    const vector = vectorWidth(1, lastDim(x), false);
    const factor = { depth: lastDim(x), vector, depthMajor: false };
    const product = {
      a: storedFactor("A", { ...factor, name: "x", extent: rowCount(x) }),
      b: storedFactor("B", { ...factor, name: "weight", extent: lastDim(du) }),
      depth: lastDim(x),
      batch: 1,
      declarations: bindings({ x, weight, dy, bias }, { du }, { vector: { x: vector, weight: vector } }),
      initial: startOf(bias),
      store: wgsl`
        ${slopes[activation]}
        fn store(batch: u32, row: u32, column: u32, product: f32) {
          let at = row * ${lastDim(du)}u + column;
          du[at] = ${du.dtype}(f32(dy[at]) * slope(product));
        }`,
    };
    return productKernel(product, adapter);
  },
});

/** x Wᵀ + bias, f32 [..., n]. */
function preActivation(p: PrimitiveSet, { x, weight, dy, bias }: Operands<Inputs, "bias", Tensor>): Tensor {
  const rows = p.reshape(p.cast(x, "f32"), [rowCount(x), lastDim(x)]);
  const product = p.matmul(rows, p.cast(weight, "f32"), { transposeB: true });
  return p.reshape(bias ? p.add(product, p.cast(bias, "f32")) : product, dy.shape);
}

/** With u = x Wᵀ + bias and du = dy * activation'(u): dx = du W, dW = duᵀ x, dbias = Σ du. */
export const linearVjp: NonNullable<(typeof linearOp)["vjp"]> = (p, { inputs, grads }, { activation }) => {
  const { x, weight, bias, residual } = inputs;
  const dy = grads[0]!;
  const du =
    activation === "none" ? dy : apply(linearSlopeOp, { x, weight, dy, ...(bias && { bias }) }, { activation })[0]!;
  const rows = p.reshape(du, [rowCount(du), lastDim(du)]);
  const flat = p.reshape(x, [rowCount(x), lastDim(x)]);
  return {
    x: p.reshape(mixedMatmul(rows, weight, { dtype: x.dtype }), x.shape),
    weight: mixedMatmul(rows, flat, { transposeA: true, dtype: weight.dtype }),
    bias: bias ? columnSum(rows, bias.dtype) : null,
    residual: residual ? p.cast(dy, residual.dtype) : null,
  };
};
