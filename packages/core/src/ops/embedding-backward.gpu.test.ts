import { describeOp, integer, type OpCase } from "../testing/index.ts";
import { embeddingLayerNormBackwardOp, embeddingParametersOp } from "./embedding-layernorm-backward.ts";
import { embeddingRowsOp } from "./embedding-rows.ts";

const gpu = { adapter: { isCpu: false, maxWorkgroupsPerDimension: 3 }, gradients: false } as const;

describeOp(embeddingRowsOp, {
  // Worked by hand: id 2 twice, id 0 is padding, -1 is clamped to row 0.
  "by hand": {
    shapes: { updates: [4, 2], inputIds: [4] },
    dtypes: { inputIds: "i32" },
    values: { updates: [1, 2, 10, 20, 3, 4, 5, 6], inputIds: [2, 0, 2, -1] },
    attrs: { rows: 3, dtype: "f32" },
    expect: [5, 6, 0, 0, 4, 6],
  },
  "rows that are looked up often, rows never": {
    shapes: { updates: [3, 7, 5], inputIds: [3, 7] },
    dtypes: { inputIds: "i32" },
    fill: { inputIds: integer(4) },
    attrs: { rows: 19, dtype: "f32" },
  },
  "a workgroup per row": {
    shapes: { updates: [3, 7, 70], inputIds: [3, 7] },
    dtypes: { inputIds: "i32" },
    fill: { inputIds: integer(8) },
    attrs: { rows: 8, dtype: "f32" },
    ...gpu,
  },
});

function lookups(batch: number, tokens: number, width: number, more: Partial<OpCase>): OpCase {
  return {
    dtypes: { inputIds: "i32" },
    fill: { inputIds: integer(11) },
    ...more,
    shapes: {
      inputIds: [batch, tokens],
      word: [11, width],
      position: [tokens + 2, width],
      tokenType: [2, width],
      dy: [batch, tokens, width],
      ...more.shapes,
    },
  };
}

const eps = { attrs: { eps: 1e-12 } };
describeOp(embeddingLayerNormBackwardOp, {
  captions: lookups(2, 3, 6, { ...eps, shapes: { weight: [6] }, tolerance: { atol: 1e-4 } }),
  "one token, odd width": lookups(1, 1, 7, { ...eps, shapes: { weight: [7] }, tolerance: { atol: 1e-4 } }),
  "a workgroup per row": lookups(2, 4, 131, { ...eps, shapes: { weight: [131] }, ...gpu }),
});

const types = { attrs: { weight: "f32", bias: "f32" }, tolerance: { atol: 1e-3 } };
describeOp(embeddingParametersOp, {
  captions: lookups(2, 3, 6, { ...types, shapes: { statistics: [6, 2] } }),
  "a GPU": lookups(5, 8, 37, { ...types, shapes: { statistics: [40, 2] }, ...gpu }),
});
