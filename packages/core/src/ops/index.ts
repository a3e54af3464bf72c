import type { AnyOp, OpTable } from "../op.ts";
import { adamWOp } from "./adamw.ts";
import { attentionContextOp } from "./attention-context.ts";
import { attentionDropoutOp } from "./attention-dropout.ts";
import { attentionProbabilitiesOp } from "./attention-probabilities.ts";
import { axpbyOp } from "./axpby.ts";
import { categoricalOp } from "./categorical.ts";
import { crossEntropyBackwardOp, crossEntropyOp } from "./cross-entropy.ts";
import { dropoutOp } from "./dropout.ts";
import { embeddingLayerNormBackwardOp, embeddingParametersOp } from "./embedding-layernorm-backward.ts";
import { embeddingRowsOp } from "./embedding-rows.ts";
import { floorOp } from "./floor.ts";
import { foldSeedOp } from "./fold-seed.ts";
import { geluBackwardOp } from "./gelu-backward.ts";
import { inferenceOps } from "./inference.ts";
import { l2NormalizeBackwardOp } from "./l2-normalize-backward.ts";
import { layerNormBackwardOp, layerNormParametersOp } from "./layernorm-backward.ts";
import { linearSlopeOp } from "./linear-backward.ts";
import { mixedMatmulOp } from "./mixed-matmul.ts";
import { padOp } from "./pad.ts";
import { patchWeightOp } from "./patch-embedding-backward.ts";
import { queueWriteOp } from "./queue-write.ts";
import { randomUniformOp } from "./random-uniform.ts";
import { recomputeOp } from "./recompute.ts";
import { rowDotOp } from "./row-dot.ts";
import { scatterAddOp } from "./scatter-add.ts";
import { similarityBackwardOp } from "./similarity-backward.ts";
import { softmaxBackwardOp } from "./softmax-backward.ts";
import { squaredNormOp } from "./squared-norm.ts";

/** Ops of gradients, optimisers and watched attention: pages that only search do not load them. */
const LATER: readonly AnyOp[] = [
  attentionContextOp,
  attentionDropoutOp,
  attentionProbabilitiesOp,
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
