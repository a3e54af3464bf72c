import { bindings } from "../bindings.ts";
import type { AdapterFacts, Kernel } from "../op.ts";
import { startOf } from "../product-spec.ts";
import { elementCount, type Shape, type TensorSpec } from "../spec.ts";
import { wgsl } from "../wgsl.ts";
import { stridedIndex } from "./snippets/elementwise.ts";
import { productKernel, storedFactor, vectorWidth } from "./snippets/product.ts";

export interface MatmulExtents {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly batch: Shape;
  readonly batchStridesA: readonly number[];
  readonly batchStridesB: readonly number[];
}

/** A product of two stored matrices, each in either order of its axes. */
export function matmulKernel(
  { a, b, y }: { readonly a: TensorSpec; readonly b: TensorSpec; readonly y: TensorSpec },
  { m, n, k, transposeA, transposeB, batch, batchStridesA, batchStridesB }: MatmulExtents,
  adapter: AdapterFacts,
): Kernel {
  const vector = { a: vectorWidth(m, k, transposeA), b: vectorWidth(n, k, !transposeB) };
  const product = {
    a: storedFactor("A", {
      name: "a",
      extent: m,
      depth: k,
      depthMajor: transposeA,
      vector: vector.a,
      start: stridedIndex("at", batch, batchStridesA),
    }),
    b: storedFactor("B", {
      name: "b",
      extent: n,
      depth: k,
      depthMajor: !transposeB,
      vector: vector.b,
      start: stridedIndex("at", batch, batchStridesB),
    }),
    depth: k,
    batch: elementCount(batch),
    declarations: bindings({ a, b }, { y }, { vector }),
    initial: startOf(),
    store: wgsl`
      fn store(batch: u32, row: u32, column: u32, product: f32) {
        y[(batch * ${m}u + row) * ${n}u + column] = ${y.dtype}(product);
      }`,
  };
  return productKernel(product, adapter);
}
