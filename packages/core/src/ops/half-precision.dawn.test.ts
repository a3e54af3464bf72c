import { create, globals } from "webgpu";
import { describeOp, type OpCase, uniform } from "../testing/index.ts";
import { attentionOp } from "./attention.ts";
import { attentionContextOp } from "./attention-context.ts";
import { attentionProbabilitiesOp } from "./attention-probabilities.ts";
import { embeddingLayerNormOp } from "./embedding-layernorm.ts";
import { l2NormalizeOp } from "./l2-normalize.ts";
import { layerNormOp } from "./layernorm.ts";
import { patchEmbeddingOp } from "./patch-embedding.ts";
import { softmaxOp } from "./softmax.ts";
import { topKOp } from "./top-k.ts";

const half = { gpu: create([]), float: "f16" } as const;
Object.assign(globalThis, globals, { gpu: half.gpu }); // kept: a device dies with the object that made it
const gpu = { adapter: { isCpu: false } };

/** The case as the adapter is, and as a GPU would run it. */
function both(opCase: OpCase): Record<string, OpCase> {
  return { "CPU variant": opCase, "GPU variant": { ...opCase, ...gpu } };
}

const scores = { scale: 0.5, maskValue: -10000, causal: false, queryOffset: 0, keyOffset: 0 };
const mask = [1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 0];

describeOp(
  attentionOp,
  {
    ...both({
      shapes: { query: [2, 5, 8], key: [2, 7, 8], value: [2, 7, 8], mask: [2, 7] },
      dtypes: { mask: "f32" },
      values: { mask },
      attrs: { ...scores, heads: 2, headDim: 4, valueOffset: 0 },
    }),
    "odd heads": {
      shapes: { query: [1, 9, 21], key: [1, 9, 21], value: [1, 9, 21] },
      attrs: { ...scores, heads: 1, headDim: 7, keyOffset: 7, valueOffset: 14, causal: true },
    },
  },
  half,
);

describeOp(
  attentionProbabilitiesOp,
  both({
    shapes: { query: [2, 5, 8], key: [2, 7, 8], mask: [2, 7] },
    dtypes: { mask: "f32" },
    values: { mask },
    attrs: { ...scores, heads: 2, headDim: 4 },
  }),
  half,
);

describeOp(
  attentionContextOp,
  {
    "pieces of four": {
      shapes: { probabilities: [2, 2, 5, 7], value: [2, 7, 8] },
      fill: { probabilities: uniform(0, 0.3) },
      attrs: { heads: 2, headDim: 4, valueOffset: 0 },
    },
  },
  half,
);

describeOp(
  patchEmbeddingOp,
  both({
    shapes: { image: [2, 3, 8, 8], weight: [9, 3, 4, 4], bias: [9], clsToken: [1, 1, 9], position: [1, 5, 9] },
    fill: { weight: uniform(-0.2, 0.2) },
    attrs: { patchSize: 4 },
  }),
  half,
);

const tables = { word: [11, 12], position: [7, 12], tokenType: [2, 12], weight: [12], bias: [12] };
describeOp(
  embeddingLayerNormOp,
  {
    "tables and result in f16": {
      shapes: { inputIds: [2, 5], ...tables },
      dtypes: { inputIds: "i32" },
      values: { inputIds: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] },
      attrs: { eps: 1e-12, dtype: "f16" },
    },
    "tables in f16, result in f32": {
      shapes: { inputIds: [2, 5], ...tables },
      dtypes: { inputIds: "i32" },
      values: { inputIds: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] },
      attrs: { eps: 1e-12, dtype: "f32" },
      tolerance: { rtol: 1e-5, atol: 1e-5 },
      ...gpu,
    },
  },
  half,
);

describeOp(
  layerNormOp,
  {
    ...both({ shapes: { x: [3, 40], weight: [40], bias: [40], residual: [3, 40] }, attrs: { eps: 1e-6 } }),
    "f16 weights, f32 states": {
      shapes: { x: [3, 40], weight: [40], bias: [40] },
      dtypes: { x: "f32" },
      attrs: { eps: 1e-12 },
      tolerance: { rtol: 1e-5, atol: 1e-5 },
    },
  },
  half,
);

describeOp(softmaxOp, both({ shapes: { x: [5, 33] } }), half);
describeOp(l2NormalizeOp, both({ shapes: { x: [5, 33] }, attrs: { eps: 1e-12 } }), half);
describeOp(
  topKOp,
  {
    "values as they are": {
      shapes: { x: [2, 101] },
      attrs: { k: 7, segments: 1, ascending: false },
      tolerance: { rtol: 0, atol: 0 },
    },
  },
  half,
);
