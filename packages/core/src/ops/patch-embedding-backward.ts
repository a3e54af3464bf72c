import { bindings } from "../bindings.ts";
import { apply } from "../graph/apply.ts";
import type { PrimitiveSet } from "../graph/primitive-set.ts";
import type { Tensor } from "../graph/tensor.ts";
import { type AdapterFacts, defineFused, type Kernel } from "../op.ts";
import { type Factor, startOf } from "../product-spec.ts";
import { expectFloat, expectRank, expectShape } from "../shape.ts";
import { type DType, elementCount, type TensorSpec } from "../spec.ts";
import { wgsl } from "../wgsl.ts";
import type { PatchEmbeddingAttrs, patchEmbeddingOp } from "./patch-embedding.ts";
import { fromPatches, toPatches } from "./snippets/patches.ts";
import { productKernel } from "./snippets/product.ts";

export interface PatchWeightAttrs extends PatchEmbeddingAttrs {
  /** Element type of the gradient. */
  readonly dtype: DType;
}

/** dweight of the patch embedding [features, channels, patch, patch]: patches are read from the image, never written. */
export const patchWeightOp = defineFused<"image" | "dy", never, PatchWeightAttrs>({
  name: "patchWeight",
  inputs: ["image", "dy"],
  infer({ image, dy }, { patchSize, dtype }) {
    expectFloat("patchWeight", "image", image);
    expectFloat("patchWeight", "dy", dy);
    expectRank("patchWeight", "image", image, 4);
    expectRank("patchWeight", "dy", dy, 3);
    const [batch, channels, height, width] = image.shape as readonly [number, number, number, number];
    const features = dy.shape[2]!;
    expectShape("patchWeight", "dy", dy, [batch, (height / patchSize) * (width / patchSize) + 1, features]);
    return [{ dtype, shape: [features, channels, patchSize, patchSize] }];
  },
  define(p, { image, dy }, { patchSize, dtype }) {
    const patches = toPatches(p, image, patchSize);
    const [batch, count, depth] = patches.shape as readonly [number, number, number];
    const flat = (t: Tensor, width: number) => p.reshape(p.cast(t, "f32"), [batch * count, width]);
    const product = p.matmul(flat(patchRows(p, dy), dy.shape[2]!), flat(patches, depth), { transposeA: true });
    return [p.cast(p.reshape(product, [dy.shape[2]!, image.shape[1]!, patchSize, patchSize]), dtype)];
  },
  flops: ({ inputs: { dy }, outputs }) => 2 * elementCount(outputs[0]!.shape) * dy.shape[0]! * (dy.shape[1]! - 1),
  lower: ({ inputs: { image, dy }, outputs }, { patchSize }, adapter) =>
    weightKernel({ image, dy, y: outputs[0]! }, patchSize, adapter),
});

/** The gradient of the patches [batch, patches, features]: the class token left out. */
function patchRows(p: PrimitiveSet, dy: Tensor): Tensor {
  const [batch, tokens, features] = dy.shape as readonly [number, number, number];
  return p.slice(dy, [0, 1, 0], [batch, tokens - 1, features]);
}

type Specs = Readonly<Record<"image" | "dy" | "y", TensorSpec>>;

function weightKernel({ image, dy, y }: Specs, patchSize: number, adapter: AdapterFacts): Kernel {
  const [batch, channels, height, width] = image.shape as readonly [number, number, number, number];
  const [, tokens, features] = dy.shape as readonly [number, number, number];
  const pieces = patchSize % 4 === 0 && width % 4 === 0 ? 4 : 1;
  const quads = features % 4 === 0 ? 4 : 1;
  const columns = channels * patchSize * patchSize;
  const tokenRows: Factor = {
    extent: features,
    depthMajor: true,
    vector: quads,
    access: wgsl`
      fn startA(i: u32) -> u32 { return 0u; }
      fn placeA(start: u32, outer: u32) -> u32 { return outer / ${quads}u; }
      fn depthA(k: u32) -> u32 {
        return (k / ${tokens - 1}u * ${tokens}u + 1u + k % ${tokens - 1}u) * ${features / quads}u;
      }
      fn loadA(place: u32, depth: u32) -> ${vectorType(quads)} { return ${vectorType(quads)}(dy[place + depth]); }`,
  };
  const pixels: Factor = {
    extent: columns,
    depthMajor: true,
    vector: pieces,
    access: wgsl`
      fn startB(i: u32) -> u32 { return 0u; }
      fn placeB(start: u32, outer: u32) -> u32 {
        let line = outer / ${patchSize}u; // of the patch, over all channels
        let row = line / ${patchSize}u * ${height}u + line % ${patchSize}u;
        return (row * ${width}u + outer % ${patchSize}u) / ${pieces}u;
      }
      fn depthB(k: u32) -> u32 {
        let tile = k % ${tokens - 1}u;
        let line = k / ${tokens - 1}u * ${channels * height}u + tile / ${width / patchSize}u * ${patchSize}u;
        return (line * ${width}u + tile % ${width / patchSize}u * ${patchSize}u) / ${pieces}u;
      }
      fn loadB(place: u32, depth: u32) -> ${vectorType(pieces)} { return ${vectorType(pieces)}(image[place + depth]); }`,
  };
  const product = {
    a: tokenRows,
    b: pixels,
    depth: batch * (tokens - 1),
    batch: 1,
    declarations: bindings({ image, dy }, { y }, { vector: { image: pieces, dy: quads } }),
    initial: startOf(),
    store: wgsl`
      fn store(batch: u32, row: u32, column: u32, product: f32) { y[row * ${columns}u + column] = ${y.dtype}(product); }`,
  };
  return productKernel(product, adapter);
}

function vectorType(vector: 1 | 4): string {
  return vector === 4 ? "vec4f" : "f32";
}

export const patchEmbeddingVjp: NonNullable<(typeof patchEmbeddingOp)["vjp"]> = (
  p,
  { inputs, grads },
  { patchSize },
) => {
  const { image, weight, bias, clsToken, position } = inputs;
  const dy = grads[0]!;
  const [, tokens, features] = dy.shape as readonly [number, number, number];
  const dPosition = p.sumTo(p.cast(dy, "f32"), position.shape);
  const flat = p.reshape(p.cast(weight, "f32"), [features, elementCount(weight.shape.slice(1))]);
  const dPatches = p.matmul(p.cast(patchRows(p, dy), "f32"), flat);
  return {
    image: p.cast(fromPatches(p, dPatches, { like: image, patchSize }), image.dtype),
    weight: apply(patchWeightOp, { image, dy }, { patchSize, dtype: weight.dtype })[0]!,
    bias: p.cast(p.sumTo(p.slice(dPosition, [0, 1, 0], [1, tokens - 1, features]), bias.shape), bias.dtype),
    clsToken: p.cast(p.slice(dPosition, [0, 0, 0], [1, 1, features]), clsToken.dtype),
    position: p.cast(dPosition, position.dtype),
  };
};
