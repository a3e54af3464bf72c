import type { AnyOp } from "../op.ts";
import { embeddingLayerNormVjp } from "./embedding-layernorm-backward.ts";
import { geluVjp } from "./gelu-backward.ts";
import { l2NormalizeVjp } from "./l2-normalize-backward.ts";
import { layerNormVjp } from "./layernorm-backward.ts";
import { linearVjp } from "./linear-backward.ts";
import { patchEmbeddingVjp } from "./patch-embedding-backward.ts";
import { similarityVjp } from "./similarity-backward.ts";
import { softmaxVjp } from "./softmax-backward.ts";

/** A vjp whose operand names are forgotten, as `AnyOp` forgets them. */
export type AnyVjp = NonNullable<AnyOp["vjp"]>;

/**
 * Gradients of the fused ops of forward passes, beside them in files of their own: pages that never train do not load
 * them. A fused op that is not here and has no `vjp` is differentiated through its definition.
 */
export const vjps: Readonly<Record<string, AnyVjp>> = {
  embeddingLayerNorm: embeddingLayerNormVjp,
  gelu: geluVjp,
  l2Normalize: l2NormalizeVjp,
  layerNorm: layerNormVjp,
  linear: linearVjp,
  patchEmbedding: patchEmbeddingVjp,
  similarity: similarityVjp,
  softmax: softmaxVjp,
};
