import { ShapeError } from "../errors.ts";
import { apply } from "../graph/apply.ts";
import type { PrimitiveSet } from "../graph/primitive-set.ts";
import type { Tensor } from "../graph/tensor.ts";
import { defineFused } from "../op.ts";
import { expectFloat, expectRank, expectShape } from "../shape.ts";
import { elementCount, formatSpec } from "../spec.ts";
import { patchEmbeddingKernel } from "./patch-embedding.wgsl.ts";
import { toPatches } from "./snippets/patches.ts";

export interface PatchEmbeddingAttrs {
  /** Pixels along a side of a patch; also the stride. */
  readonly patchSize: number;
}

type Inputs = "image" | "weight" | "bias" | "clsToken" | "position";

/**
 * Image tokens of a vision transformer (Dosovitskiy et al. 2021, arXiv 2010.11929): a convolution whose stride is its
 * size, row by row over the image, behind a class token; the position embedding is added to all.
 */
export const patchEmbeddingOp = defineFused<Inputs, never, PatchEmbeddingAttrs>({
  name: "patchEmbedding",
  inputs: ["image", "weight", "bias", "clsToken", "position"],

  infer({ image, weight, bias, clsToken, position }, { patchSize }) {
    expectFloat("patchEmbedding", "image", image);
    expectRank("patchEmbedding", "image", image, 4);
    const [batch, channels, height, width] = image.shape as readonly [number, number, number, number];
    if (!Number.isInteger(patchSize) || patchSize < 1 || height % patchSize !== 0 || width % patchSize !== 0) {
      throw new ShapeError(
        `patchEmbedding: image ${formatSpec(image)} must divide into patches of ${patchSize} pixels; resize it first`,
      );
    }
    const features = weight.shape[0] ?? 1;
    const tokens = (height / patchSize) * (width / patchSize) + 1;
    expectFloat("patchEmbedding", "weight", weight);
    expectShape("patchEmbedding", "weight", weight, [features, channels, patchSize, patchSize]);
    expectShape("patchEmbedding", "bias", bias, [features]);
    expectShape("patchEmbedding", "clsToken", clsToken, [1, 1, features]);
    expectShape("patchEmbedding", "position", position, [1, tokens, features]);
    return [{ dtype: image.dtype, shape: [batch, tokens, features] }];
  },

  define(p, { image, weight, bias, clsToken, position }, { patchSize }) {
    const features = weight.shape[0]!;
    const projected = p.matmul(toPatches(p, image, patchSize), flatWeight(p, weight), { transposeB: true });
    const patches = p.add(projected, p.cast(bias, "f32"));
    const cls = p.broadcastTo(p.cast(clsToken, "f32"), [image.shape[0]!, 1, features]);
    return [p.cast(p.add(p.concat([cls, patches], 1), p.cast(position, "f32")), image.dtype)];
  },

  flops: ({ inputs, outputs }) => 2 * elementCount(outputs[0]!.shape) * elementCount(inputs.weight.shape.slice(1)),
  lower: ({ inputs, outputs }, { patchSize }, adapter) =>
    patchEmbeddingKernel({ ...inputs, y: outputs[0]! }, patchSize, adapter),
});

/**
 * image [batch, channels, height, width], weight [features, channels, patch, patch], bias [features], clsToken
 * [1, 1, features] and position [1, tokens, features] -> [batch, tokens, features], tokens = patches + 1.
 */
export function patchEmbedding(
  image: Tensor,
  weight: Tensor,
  bias: Tensor,
  clsToken: Tensor,
  position: Tensor,
  { patchSize }: PatchEmbeddingAttrs,
): Tensor {
  return apply(patchEmbeddingOp, { image, weight, bias, clsToken, position }, { patchSize })[0]!;
}

function flatWeight(p: PrimitiveSet, weight: Tensor): Tensor {
  return p.reshape(p.cast(weight, "f32"), [weight.shape[0]!, elementCount(weight.shape.slice(1))]);
}
