import type { AnyOp, OpTable } from "../op.ts";
import { adamWOp } from "./adamw.ts";
import { attentionContextOp } from "./attention-context.ts";
import { attentionDropoutOp } from "./attention-dropout.ts";
import { attentionGradientOp } from "./attention-gradient.ts";
import { attentionProbabilitiesOp } from "./attention-probabilities.ts";
import { attentionStatisticsOp } from "./attention-statistics.ts";
import { axpbyOp } from "./axpby.ts";
import { categoricalOp } from "./categorical.ts";
import { columnSumOp } from "./column-sum.ts";
import { concatOp } from "./concat.ts";
import { crossEntropyBackwardOp, crossEntropyOp } from "./cross-entropy.ts";
import { divOp } from "./div.ts";
import { dropoutOp } from "./dropout.ts";
import { embeddingLayerNormBackwardOp, embeddingParametersOp } from "./embedding-layernorm-backward.ts";
import { embeddingRowsOp } from "./embedding-rows.ts";
import { equalOp } from "./equal.ts";
import { erfOp } from "./erf.ts";
import { expOp } from "./exp.ts";
import { floorOp } from "./floor.ts";
import { foldSeedOp } from "./fold-seed.ts";
import { geluOp } from "./gelu.ts";
import { geluBackwardOp } from "./gelu-backward.ts";
import { greaterOp } from "./greater.ts";
import { inferenceOps } from "./inference.ts";
import { l2NormalizeBackwardOp } from "./l2-normalize-backward.ts";
import { layerNormBackwardOp, layerNormParametersOp } from "./layernorm-backward.ts";
import { linearSlopeOp } from "./linear-backward.ts";
import { logOp } from "./log.ts";
import { matmulOp } from "./matmul.ts";
import { maxOp } from "./max.ts";
import { maximumOp } from "./maximum.ts";
import { mixedMatmulOp } from "./mixed-matmul.ts";
import { padOp } from "./pad.ts";
import { patchWeightOp } from "./patch-embedding-backward.ts";
import { queueWriteOp } from "./queue-write.ts";
import { randomUniformOp } from "./random-uniform.ts";
import { recomputeOp } from "./recompute.ts";
import { rowDotOp } from "./row-dot.ts";
import { rsqrtOp } from "./rsqrt.ts";
import { scatterAddOp } from "./scatter-add.ts";
import { similarityBackwardOp } from "./similarity-backward.ts";
import { softmaxOp } from "./softmax.ts";
import { softmaxBackwardOp } from "./softmax-backward.ts";
import { sqrtOp } from "./sqrt.ts";
import { squaredNormOp } from "./squared-norm.ts";
import { stopGradientOp } from "./stop-gradient.ts";
import { subOp } from "./sub.ts";
import { sumOp } from "./sum.ts";
import { tanhOp } from "./tanh.ts";
import { transposeOp } from "./transpose.ts";
import { unpackOp } from "./unpack.ts";

/** Ops that definitions, gradients, optimisers and watched attention use: pages that only search do not load them. */
const LATER: readonly AnyOp[] = [
  concatOp,
  divOp,
  equalOp,
  erfOp,
  expOp,
  greaterOp,
  logOp,
  matmulOp,
  maxOp,
  maximumOp,
  rsqrtOp,
  sqrtOp,
  stopGradientOp,
  subOp,
  sumOp,
  tanhOp,
  transposeOp,
  unpackOp,
  geluOp,
  softmaxOp,
  attentionContextOp,
  attentionDropoutOp,
  attentionGradientOp,
  attentionProbabilitiesOp,
  attentionStatisticsOp,
  columnSumOp,
  crossEntropyBackwardOp,
  crossEntropyOp,
  dropoutOp,
  embeddingLayerNormBackwardOp,
  embeddingParametersOp,
  embeddingRowsOp,
  floorOp,
  foldSeedOp,
  geluBackwardOp,
  l2NormalizeBackwardOp,
  layerNormBackwardOp,
  layerNormParametersOp,
  linearSlopeOp,
  mixedMatmulOp,
  padOp,
  patchWeightOp,
  randomUniformOp,
  recomputeOp,
  rowDotOp,
  scatterAddOp,
  similarityBackwardOp,
  softmaxBackwardOp,
  adamWOp,
  axpbyOp,
  categoricalOp,
  queueWriteOp,
  squaredNormOp,
];

/** Every op by name: the only place that knows them all. A new op goes into LATER, or into `inference.ts`. */
export const opTable: OpTable = { ...inferenceOps, ...Object.fromEntries(LATER.map((op) => [op.name, op])) };
