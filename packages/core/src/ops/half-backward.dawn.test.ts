import { create, globals } from "webgpu";
import { describeOp, integer, type OpCase, uniform } from "../testing/index.ts";
import { attentionDropoutOp } from "./attention-dropout.ts";
import { attentionGradientOp } from "./attention-gradient.ts";
import { attentionStatisticsOp } from "./attention-statistics.ts";
import { columnSumOp } from "./column-sum.ts";
import { crossEntropyBackwardOp, crossEntropyOp } from "./cross-entropy.ts";
import { dropoutOp } from "./dropout.ts";
import { embeddingLayerNormBackwardOp, embeddingParametersOp } from "./embedding-layernorm-backward.ts";
import { embeddingRowsOp } from "./embedding-rows.ts";
import { geluBackwardOp } from "./gelu-backward.ts";
import { l2NormalizeBackwardOp } from "./l2-normalize-backward.ts";
import { layerNormBackwardOp, layerNormParametersOp } from "./layernorm-backward.ts";
import { linearSlopeOp } from "./linear-backward.ts";
import { mixedMatmulOp } from "./mixed-matmul.ts";
import { patchWeightOp } from "./patch-embedding-backward.ts";
import { rowDotOp } from "./row-dot.ts";
import { similarityBackwardOp } from "./similarity-backward.ts";
import { softmaxBackwardOp } from "./softmax-backward.ts";

const half = { gpu: create([]), float: "f16" } as const;
Object.assign(globalThis, globals, { gpu: half.gpu }); // kept: a device dies with the object that made it

/** The case as the adapter is, and as a GPU would run it. */
function both(opCase: OpCase): Record<string, OpCase> {
  return { "CPU variant": opCase, "GPU variant": { ...opCase, adapter: { isCpu: false } } };
}

const coarse = { atol: 2e-2 };
const exact = { rtol: 1e-4, atol: 1e-4 };

const gelu = { activation: "gelu" };
describeOp(
  linearSlopeOp,
  both({ shapes: { x: [9, 40], weight: [13, 40], dy: [9, 13], bias: [13] }, attrs: gelu, tolerance: coarse }),
  half,
);
describeOp(geluBackwardOp, both({ shapes: { x: [5, 33], dy: [5, 33] } }), half);

const weights = { transposeA: true, transposeB: false };
describeOp(
  mixedMatmulOp,
  {
    "f16 gradient": { shapes: { a: [20, 12], b: [20, 16] }, attrs: { ...weights, dtype: "f16" }, tolerance: coarse },
    ...both({ shapes: { a: [20, 12], b: [20, 16] }, attrs: { ...weights, dtype: "f32" }, tolerance: exact }),
    "f16 states, f32 weight": {
      shapes: { a: [9, 12], b: [12, 16] },
      dtypes: { b: "f32" },
      attrs: { transposeA: false, transposeB: false, dtype: "f16" },
      tolerance: coarse,
    },
  },
  half,
);

const rows = { x: [5, 40], weight: [40], dy: [5, 40], residual: [5, 40] };
describeOp(layerNormBackwardOp, both({ shapes: rows, attrs: { eps: 1e-6 } }), half);
describeOp(
  layerNormParametersOp,
  both({
    shapes: { x: [70, 40], statistics: [70, 2], dy: [70, 40] },
    dtypes: { statistics: "f32" },
    attrs: { weight: "f32", bias: "f16" },
    tolerance: { rtol: 4e-3, atol: 2e-2 },
  }),
  half,
);
describeOp(softmaxBackwardOp, both({ shapes: { y: [5, 33], dy: [5, 33] }, tolerance: coarse }), half);
describeOp(l2NormalizeBackwardOp, both({ shapes: { x: [5, 33], dy: [5, 33] }, attrs: { eps: 1e-12 } }), half);
describeOp(rowDotOp, both({ shapes: { a: [5, 33], b: [5, 33] }, tolerance: exact }), half);
describeOp(
  similarityBackwardOp,
  both({
    shapes: { dy: [7, 12], other: [12, 16] },
    attrs: { transpose: false, scale: 0.5, dtype: "f16" },
    tolerance: coarse,
  }),
  half,
);
describeOp(
  patchWeightOp,
  both({ shapes: { image: [2, 3, 8, 8], dy: [2, 5, 12] }, attrs: { patchSize: 4, dtype: "f32" }, tolerance: exact }),
  half,
);

const lookups = { inputIds: [2, 5], word: [11, 12], position: [7, 12], tokenType: [2, 12], dy: [2, 5, 12] };
const ids = { dtypes: { inputIds: "i32", statistics: "f32" }, fill: { inputIds: integer(11) } } as const;
describeOp(
  embeddingLayerNormBackwardOp,
  both({ shapes: { ...lookups, weight: [12] }, ...ids, attrs: { eps: 1e-12 }, tolerance: exact }),
  half,
);
describeOp(
  embeddingParametersOp,
  both({
    shapes: { ...lookups, statistics: [10, 2] },
    ...ids,
    attrs: { weight: "f32", bias: "f32" },
    tolerance: { rtol: 1e-4, atol: 1e-3 },
  }),
  half,
);
describeOp(
  embeddingRowsOp,
  both({ shapes: { updates: [2, 5, 12], inputIds: [2, 5] }, ...ids, attrs: { rows: 11, dtype: "f16" } }),
  half,
);

const classes = {
  shapes: { logits: [5, 33], labels: [5], teacher: [5, 33], alpha: [] },
  dtypes: { labels: "i32", alpha: "f32", statistics: "f32", dLoss: "f32" },
  values: { labels: [1, -100, 32, 7, 0], alpha: [0.4] },
} as const;
describeOp(crossEntropyOp, both({ ...classes, tolerance: exact }), half);
describeOp(
  crossEntropyBackwardOp,
  both({ ...classes, shapes: { ...classes.shapes, statistics: [5, 2], dLoss: [5] }, tolerance: coarse }),
  half,
);

const seed = { dtypes: { seed: "u32" }, values: { seed: [3] } } as const;
describeOp(dropoutOp, both({ shapes: { x: [5, 33], seed: [] }, ...seed, attrs: { dropped: 1677722 } }), half);

const heads = { heads: 2, headDim: 8, scale: 0.35 };
const scored = { ...heads, maskValue: -10000, causal: false, queryOffset: 0, keyOffset: 0, valueOffset: 0 };
const attended = { query: [2, 9, 16], key: [2, 35, 16], value: [2, 35, 16], seed: [] };
describeOp(
  attentionDropoutOp,
  both({ shapes: attended, ...seed, attrs: { ...scored, dropped: 1677722 }, tolerance: { rtol: 4e-3, atol: 8e-3 } }),
  half,
);
describeOp(
  attentionGradientOp,
  both({
    shapes: { ...attended, dContext: [2, 9, 16], statistics: [2, 2, 2, 9] },
    dtypes: { ...seed.dtypes, statistics: "f32" },
    values: seed.values,
    fill: { statistics: uniform(2, 3) },
    attrs: { ...scored, of: ["key", "value"], packed: false, dropped: 1677722 },
    tolerance: coarse,
  }),
  half,
);
describeOp(
  attentionStatisticsOp,
  both({
    shapes: { context: [2, 5, 16], dContext: [2, 5, 16], logSumExp: [2, 2, 5] },
    dtypes: { logSumExp: "f32" },
    attrs: { heads: 2, headDim: 8, causal: false },
    tolerance: exact,
  }),
  half,
);
describeOp(columnSumOp, both({ shapes: { x: [70, 33] }, attrs: { dtype: "f32" }, tolerance: exact }), half);
