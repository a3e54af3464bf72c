import { bindings } from "../bindings.ts";
import { apply } from "../graph/apply.ts";
import type { PrimitiveSet } from "../graph/primitive-set.ts";
import type { Tensor } from "../graph/tensor.ts";
import { type AdapterFacts, defineFused, type Kernel, type Operands } from "../op.ts";
import { startOf } from "../product-spec.ts";
import { expectFloat, expectRank, expectShape } from "../shape.ts";
import type { TensorSpec } from "../spec.ts";
import { f32Literal, wgsl } from "../wgsl.ts";
import { productKernel, storedFactor, vectorWidth } from "./snippets/product.ts";

export interface SimilarityAttrs {
  readonly scale: number;
}

type Inputs = "a" | "b";
type Optional = "temperature";

/** a bᵀ * scale / temperature: the logits of the image-text contrastive loss (Li et al. 2021, equation 1). */
export const similarityOp = defineFused<Inputs, Optional, SimilarityAttrs>({
  name: "similarity",
  inputs: ["a", "b"],
  optional: ["temperature"],

  infer({ a, b, temperature }) {
    for (const [name, spec] of Object.entries({ a, b })) {
      expectFloat("similarity", name, spec);
      expectRank("similarity", name, spec, 2);
    }
    expectShape("similarity", "b", b, [b.shape[0]!, a.shape[1]!]);
    if (temperature) {
      expectFloat("similarity", "temperature", temperature);
      expectShape("similarity", "temperature", temperature, []);
    }
    return [{ dtype: a.dtype, shape: [a.shape[0]!, b.shape[0]!] }];
  },

  define: (p, { a, b, temperature }, { scale }) => [
    scaled(p, p.matmul(a, p.cast(b, a.dtype), { transposeB: true }), { scale, temperature }),
  ],

  flops: ({ inputs: { a, b } }) => 2 * a.shape[0]! * a.shape[1]! * b.shape[0]!,
  lower: ({ inputs, outputs }, { scale }, adapter) => lower({ ...inputs, y: outputs[0]! }, scale, adapter),
});

interface Scaling {
  readonly scale: number;
  readonly temperature: Tensor | undefined;
}

function scaled(p: PrimitiveSet, x: Tensor, { scale, temperature }: Scaling): Tensor {
  const product = scale === 1 ? x : p.mul(x, scale);
  return temperature ? p.div(product, p.cast(temperature, x.dtype)) : product;
}

type Specs = Operands<Inputs, Optional, TensorSpec> & { readonly y: TensorSpec };

function lower({ a, b, temperature, y }: Specs, scale: number, adapter: AdapterFacts): Kernel {
  const [m, depth] = a.shape as readonly [number, number];
  const n = b.shape[0]!;
  const factor = { depth, depthMajor: false, vector: vectorWidth(1, depth, false) };
  const product = {
    a: storedFactor("A", { ...factor, name: "a", extent: m }),
    b: storedFactor("B", { ...factor, name: "b", extent: n }),
    depth,
    batch: 1,
    declarations: bindings({ a, b, temperature }, { y }, { vector: { a: factor.vector, b: factor.vector } }),
    initial: startOf(),
    store: wgsl`
      fn store(batch: u32, row: u32, column: u32, product: f32) {
        y[row * ${n}u + column] = ${y.dtype}(product * ${f32Literal(scale)}${temperature ? " / f32(temperature[0])" : ""});
      }`,
  };
  return productKernel(product, adapter);
}

export interface SimilarityOptions {
  /** Default: 1. */
  readonly scale?: number;
  /** A scalar tensor: the learned temperature. */
  readonly temperature?: Tensor;
}

/**
 * a bᵀ * scale / temperature: a [m, k], b [n, k] -> [m, n] in a's dtype; f32 or f16.
 * Throws ShapeError where the widths differ or `temperature` is not a scalar.
 */
export function similarity(a: Tensor, b: Tensor, { scale = 1, temperature }: SimilarityOptions = {}): Tensor {
  return apply(similarityOp, { a, b, ...(temperature && { temperature }) }, { scale })[0]!;
}
