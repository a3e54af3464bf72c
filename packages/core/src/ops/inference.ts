import type { AnyOp, OpTable } from "../op.ts";
import { addOp } from "./add.ts";
import { affineOp } from "./affine.ts";
import { attentionOp } from "./attention.ts";
import { broadcastToOp } from "./broadcast-to.ts";
import { castOp } from "./cast.ts";
import { embeddingLayerNormOp } from "./embedding-layernorm.ts";
import { fillOp } from "./fill.ts";
import { gatherOp } from "./gather.ts";
import { iotaOp } from "./iota.ts";
import { l2NormalizeOp } from "./l2-normalize.ts";
import { layerNormOp } from "./layernorm.ts";
import { linearOp } from "./linear.ts";
import { mulOp } from "./mul.ts";
import { patchEmbeddingOp } from "./patch-embedding.ts";
import { quantizedLinearOp } from "./quantized-linear.ts";
import { reshapeOp } from "./reshape.ts";
import { similarityOp } from "./similarity.ts";
import { sliceOp } from "./slice.ts";
import { topKOp } from "./top-k.ts";

const INFERENCE: readonly AnyOp[] = [
  addOp,
  affineOp,
  broadcastToOp,
  castOp,
  fillOp,
  gatherOp,
  iotaOp,
  mulOp,
  layerNormOp,
  reshapeOp,
  sliceOp,
  attentionOp,
  embeddingLayerNormOp,
  l2NormalizeOp,
  linearOp,
  patchEmbeddingOp,
  quantizedLinearOp,
  similarityOp,
  topKOp,
];

/** The ops of forward passes by name: all that a page needs which runs models and does not look inside. */
export const inferenceOps: OpTable = Object.fromEntries(INFERENCE.map((op) => [op.name, op]));
