import { bindings } from "../bindings.ts";
import { apply } from "../graph/apply.ts";
import { defineFused } from "../op.ts";
import { startOf } from "../product-spec.ts";
import { expectFloat, expectRank, expectShape } from "../shape.ts";
import { type DType, elementCount } from "../spec.ts";
import { f32Literal, wgsl } from "../wgsl.ts";
import { rowDotOp } from "./row-dot.ts";
import type { SimilarityAttrs, similarityOp } from "./similarity.ts";
import { productKernel, storedFactor, vectorWidth } from "./snippets/product.ts";

export interface SimilarityBackwardAttrs extends SimilarityAttrs {
  /** Reads dy transposed: the gradient of `b`. */
  readonly transpose: boolean;
  /** Element type of the gradient. */
  readonly dtype: DType;
}

/** dy b * scale / temperature, or dyᵀ a * scale / temperature: the gradient of one operand from the other. */
export const similarityBackwardOp = defineFused<"dy" | "other", "temperature", SimilarityBackwardAttrs>({
  name: "similarityBackward",
  inputs: ["dy", "other"],
  optional: ["temperature"],
  infer({ dy, other, temperature }, { transpose, dtype }) {
    for (const [name, spec] of Object.entries({ dy, other })) {
      expectFloat("similarityBackward", name, spec);
      expectRank("similarityBackward", name, spec, 2);
    }
    const [rows, depth] = transpose ? [dy.shape[1]!, dy.shape[0]!] : [dy.shape[0]!, dy.shape[1]!];
    expectShape("similarityBackward", "other", other, [depth, other.shape[1]!]);
    if (temperature) expectShape("similarityBackward", "temperature", temperature, []);
    return [{ dtype, shape: [rows, other.shape[1]!] }];
  },
  define(p, { dy, other, temperature }, { transpose, scale, dtype }) {
    const product = p.mul(p.matmul(p.cast(dy, "f32"), p.cast(other, "f32"), { transposeA: transpose }), scale);
    return [p.cast(temperature ? p.div(product, p.cast(temperature, "f32")) : product, dtype)];
  },
  flops: ({ inputs: { dy, other } }) => 2 * elementCount(dy.shape) * other.shape[1]!,
  lower({ inputs: { dy, other, temperature }, outputs }, { transpose, scale }, adapter) {
    const y = outputs[0]!;
    const [extent, width] = y.shape as readonly [number, number];
    const depth = other.shape[0]!;
    const vector = { dy: vectorWidth(extent, depth, transpose), other: vectorWidth(width, depth, true) };
    const product = {
      a: storedFactor("A", { name: "dy", extent, depth, depthMajor: transpose, vector: vector.dy }),
      b: storedFactor("B", { name: "other", extent: width, depth, depthMajor: true, vector: vector.other }),
      depth,
      batch: 1,
      declarations: bindings({ dy, other, temperature }, { y }, { vector }),
      initial: startOf(),
      store: wgsl`
        fn store(batch: u32, row: u32, column: u32, product: f32) {
          y[row * ${width}u + column] = ${y.dtype}(product * ${f32Literal(scale)}${temperature ? " / f32(temperature[0])" : ""});
        }`,
    };
    return productKernel(product, adapter);
  },
});

/** With s = scale / temperature: da = s dy b, db = s dyᵀ a, dtemperature = -Σ(dy * y) / temperature. */
export const similarityVjp: NonNullable<(typeof similarityOp)["vjp"]> = (p, { inputs, outputs, grads }, { scale }) => {
  const { a, b, temperature } = inputs;
  const dy = grads[0]!;
  const warm = temperature && { temperature };
  const part = (other: typeof a, transpose: boolean, dtype: DType) =>
    apply(similarityBackwardOp, { dy, other, ...warm }, { scale, transpose, dtype })[0]!;
  const dTemperature = (t: typeof a) => {
    const total = p.reshape(p.sum(apply(rowDotOp, { a: dy, b: outputs[0]! }, {})[0]!), []);
    return p.cast(p.neg(p.div(total, p.cast(t, "f32"))), t.dtype);
  };
  return {
    a: part(b, false, a.dtype),
    b: part(a, true, b.dtype),
    temperature: temperature ? dTemperature(temperature) : null,
  };
};
