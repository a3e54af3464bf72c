import type { AnyOp, OpTable } from "../op.ts";
import { adamWOp } from "./adamw.ts";
import { axpbyOp } from "./axpby.ts";
import { categoricalOp } from "./categorical.ts";
import { dropoutOp } from "./dropout.ts";
import { foldSeedOp } from "./fold-seed.ts";
import { inferenceOps } from "./inference.ts";
import { queueWriteOp } from "./queue-write.ts";
import { randomUniformOp } from "./random-uniform.ts";
import { recomputeOp } from "./recompute.ts";
import { squaredNormOp } from "./squared-norm.ts";

/** Ops that only gradients and optimisers use: pages that never train do not load them. */
const TRAINING: readonly AnyOp[] = [
  dropoutOp,
  foldSeedOp,
  randomUniformOp,
  recomputeOp,
  adamWOp,
  axpbyOp,
  categoricalOp,
  queueWriteOp,
  squaredNormOp,
];

/** Every op by name: the only place that knows them all. A new op goes into TRAINING, or into `inference.ts`. */
export const opTable: OpTable = { ...inferenceOps, ...Object.fromEntries(TRAINING.map((op) => [op.name, op])) };
