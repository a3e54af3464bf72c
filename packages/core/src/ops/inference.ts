import type { AnyOp, OpTable } from "../op.ts";
import { addOp } from "./add.ts";
import { affineOp } from "./affine.ts";
import { attentionOp } from "./attention.ts";
import { broadcastToOp } from "./broadcast-to.ts";
import { castOp } from "./cast.ts";
import { concatOp } from "./concat.ts";
import { divOp } from "./div.ts";
import { embeddingLayerNormOp } from "./embedding-layernorm.ts";
import { equalOp } from "./equal.ts";
import { erfOp } from "./erf.ts";
import { expOp } from "./exp.ts";
import { fillOp } from "./fill.ts";
import { gatherOp } from "./gather.ts";
import { geluOp } from "./gelu.ts";
import { greaterOp } from "./greater.ts";
import { iotaOp } from "./iota.ts";
import { l2NormalizeOp } from "./l2-normalize.ts";
import { layerNormOp } from "./layernorm.ts";
import { linearOp } from "./linear.ts";
import { logOp } from "./log.ts";
import { matmulOp } from "./matmul.ts";
import { maxOp } from "./max.ts";
import { maximumOp } from "./maximum.ts";
import { mulOp } from "./mul.ts";
import { patchEmbeddingOp } from "./patch-embedding.ts";
import { quantizedLinearOp } from "./quantized-linear.ts";
import { reshapeOp } from "./reshape.ts";
import { rsqrtOp } from "./rsqrt.ts";
import { similarityOp } from "./similarity.ts";
import { sliceOp } from "./slice.ts";
import { softmaxOp } from "./softmax.ts";
import { sqrtOp } from "./sqrt.ts";
import { stopGradientOp } from "./stop-gradient.ts";
import { subOp } from "./sub.ts";
import { sumOp } from "./sum.ts";
import { tanhOp } from "./tanh.ts";
import { topKOp } from "./top-k.ts";
import { transposeOp } from "./transpose.ts";
import { unpackOp } from "./unpack.ts";

const INFERENCE: readonly AnyOp[] = [
  addOp,
  affineOp,
  broadcastToOp,
  castOp,
  concatOp,
  divOp,
  equalOp,
  erfOp,
  expOp,
  fillOp,
  gatherOp,
  greaterOp,
  iotaOp,
  layerNormOp,
  logOp,
  matmulOp,
  maxOp,
  maximumOp,
  mulOp,
  reshapeOp,
  rsqrtOp,
  sliceOp,
  sqrtOp,
  stopGradientOp,
  subOp,
  sumOp,
  tanhOp,
  transposeOp,
  unpackOp,
  attentionOp,
  embeddingLayerNormOp,
  geluOp,
  l2NormalizeOp,
  linearOp,
  patchEmbeddingOp,
  quantizedLinearOp,
  similarityOp,
  softmaxOp,
  topKOp,
];

/** The ops of forward passes by name: all that a page needs which runs models and does not look inside. */
export const inferenceOps: OpTable = Object.fromEntries(INFERENCE.map((op) => [op.name, op]));
