import { describeOp, gaussian, integer, type OpCase } from "../testing/index.ts";
import { embeddingLayerNormOp } from "./embedding-layernorm.ts";

function lookups(batch: number, tokens: number, width: number, more: Partial<OpCase> = {}): OpCase {
  const table = (rows: number) => [rows, width];
  return {
    shapes: {
      inputIds: [batch, tokens],
      word: table(11),
      position: table(tokens + 2),
      tokenType: table(2),
      weight: [width],
      bias: [width],
    },
    dtypes: { inputIds: "i32" },
    fill: { inputIds: (random) => 1 + integer(10)(random) }, // 0 is padding: its row has no gradient
    attrs: { eps: 1e-12, dtype: "f32" },
    ...more,
  };
}

describeOp(embeddingLayerNormOp, {
  // Worked by hand: row 1 (1, 2) + place 0 (1, 0) + type 0 (0, 1) = (2, 3), which is -1 and 1 from its mean in deviations.
  "row 1 at place 0": {
    shapes: { inputIds: [1, 1], word: [2, 2], position: [1, 2], tokenType: [2, 2], weight: [2], bias: [2] },
    dtypes: { inputIds: "i32" },
    values: {
      inputIds: [1],
      word: [9, 9, 1, 2],
      position: [1, 0],
      tokenType: [0, 1, 7, 7],
      weight: [2, 3],
      bias: [0.5, 0],
    },
    attrs: { eps: 1e-12, dtype: "f32" },
    expect: [-1.5, 3],
    gradients: false,
  },
  "a batch of captions": lookups(2, 5, 12),
  "one token, odd width": lookups(1, 1, 7),
  "ids outside the vocabulary are clamped": lookups(1, 3, 4, { values: { inputIds: [-1, 3, 400] }, gradients: false }),
  "eps inside the root": lookups(1, 3, 8, {
    fill: { word: gaussian(0, 1e-5), position: gaussian(0, 1e-5), tokenType: gaussian(0, 1e-5) },
    attrs: { eps: 1e-12, dtype: "f32" },
    tolerance: { atol: 1e-3 },
    gradients: false,
  }),
  "mean far above the spread": lookups(2, 3, 64, {
    fill: { word: gaussian(1000, 0.1), position: gaussian(0, 0.1), tokenType: gaussian(0, 0.1) },
    tolerance: { rtol: 2e-3, atol: 2e-3 },
    gradients: false,
  }),
  "a workgroup per row, folded": lookups(2, 4, 131, {
    adapter: { isCpu: false, maxWorkgroupsPerDimension: 3 },
    gradients: false,
  }),
});
