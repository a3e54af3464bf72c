import type { AnyOp } from "../op.ts";
import { attentionVjp } from "./attention-backward.ts";
import { embeddingLayerNormVjp } from "./embedding-layernorm-backward.ts";
import { gatherVjp } from "./gather-backward.ts";
import { geluVjp } from "./gelu-backward.ts";
import { l2NormalizeVjp } from "./l2-normalize-backward.ts";
import { layerNormVjp } from "./layernorm-backward.ts";
import { linearVjp } from "./linear-backward.ts";
import { patchEmbeddingVjp } from "./patch-embedding-backward.ts";
import { quantizedLinearVjp } from "./quantized-linear-backward.ts";
import { similarityVjp } from "./similarity-backward.ts";
import { sliceVjp } from "./slice-backward.ts";
import { softmaxVjp } from "./softmax-backward.ts";
import { topKVjp } from "./top-k-backward.ts";

/** A vjp whose operand names are forgotten, as `AnyOp` forgets them. */
export type AnyVjp = Exclude<AnyOp["vjp"], "later" | undefined>;

/**
 * Gradients of ops of forward passes, beside them in files of their own: pages that never train do not load
 * them. A fused op that is not here and has no `vjp` is differentiated through its definition.
 */
export const vjps: Readonly<Record<string, AnyVjp>> = {
  attention: attentionVjp,
  attentionDropout: attentionVjp,
  embeddingLayerNorm: embeddingLayerNormVjp,
  gather: gatherVjp,
  gelu: geluVjp,
  l2Normalize: l2NormalizeVjp,
  layerNorm: layerNormVjp,
  linear: linearVjp,
  patchEmbedding: patchEmbeddingVjp,
  quantizedLinear: quantizedLinearVjp,
  similarity: similarityVjp,
  slice: sliceVjp,
  softmax: softmaxVjp,
  topK: topKVjp,
};
