import { describeOp, type OpCase, uniform } from "../testing/index.ts";
import { attentionGradientOp } from "./attention-gradient.ts";
import { attentionStatisticsOp } from "./attention-statistics.ts";

const plain = { maskValue: -10000, causal: false, queryOffset: 0, keyOffset: 0, valueOffset: 0, dropped: 0 };
const all = { of: ["query", "key", "value"], packed: false };
const seed = { dtypes: { seed: "u32" } } as const;
const gpu = { adapter: { isCpu: false } };

interface Extents {
  readonly batch: number;
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
  readonly headDim: number;
}

function crossed({ batch, heads, queries, keys, headDim }: Extents, more: Partial<OpCase> = {}): OpCase {
  const width = heads * headDim;
  const planes = more.values?.mask ? 3 : 2;
  const shapes = {
    query: [batch, queries, width],
    key: [batch, keys, width],
    value: [batch, keys, width],
    dContext: [batch, queries, width],
    statistics: [planes, batch, heads, queries],
    ...(more.values?.mask && { mask: [batch, keys] }),
    ...(more.values?.seed && { seed: [] }),
  };
  const attrs = { ...plain, ...all, heads, headDim, scale: 1 / Math.sqrt(headDim), ...more.attrs };
  return { gradients: false, fill: { statistics: uniform(2, 3) }, ...more, shapes, attrs };
}

/** The statistics of rows that see a key: log-sum-exp and shift as drawn, 1 seen. */
function seenRows({ batch, heads, queries }: Extents): number[] {
  const count = batch * heads * queries;
  return Array.from({ length: 3 * count }, (_, i) => (i < 2 * count ? 2 + Math.sin(i) : 1));
}

const small = { batch: 2, heads: 2, queries: 5, keys: 7, headDim: 4 };
const ragged = [1, 1, 1, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0];
const padded = { mask: ragged, statistics: seenRows(small) };
const packed: OpCase = {
  gradients: false,
  shapes: { query: [1, 9, 24], key: [1, 9, 24], value: [1, 9, 24], dContext: [1, 9, 8], statistics: [2, 1, 2, 9] },
  attrs: { ...plain, of: all.of, packed: true, heads: 2, headDim: 4, scale: 0.5, queryOffset: 8, valueOffset: 16 },
};

describeOp(attentionGradientOp, {
  // Worked by hand: P = 1/2 and 1/2, dP = 1 and 3, shift 2: dS = -1/2 and 1/2, times q = 2.
  "one query, two keys": crossed(
    { batch: 1, heads: 1, queries: 1, keys: 2, headDim: 1 },
    {
      attrs: { of: ["key"] },
      values: { query: [2], key: [0, 0], value: [1, 3], dContext: [1], statistics: [Math.log(2), 2] },
      expect: [-1, 1],
    },
  ),
  "odd heads, prime lengths": crossed({ batch: 2, heads: 3, queries: 11, keys: 13, headDim: 5 }),
  "odd heads, prime lengths, tiles": crossed({ batch: 2, heads: 3, queries: 11, keys: 13, headDim: 5 }, gpu),
  "several tiles, grid folded over two axes": crossed(
    { batch: 1, heads: 1, queries: 37, keys: 66, headDim: 8 },
    { adapter: { maxWorkgroupsPerDimension: 3 } },
  ),
  "several tiles, grid folded over two axes, tiles": crossed(
    { batch: 1, heads: 1, queries: 37, keys: 66, headDim: 8 },
    { adapter: { isCpu: false, maxWorkgroupsPerDimension: 3 } },
  ),
  "widest head": crossed({ batch: 1, heads: 1, queries: 2, keys: 5, headDim: 128 }),
  "widest head, tiles": crossed({ batch: 1, heads: 1, queries: 2, keys: 5, headDim: 128 }, gpu),
  "padding mask, causal": crossed(small, { attrs: { of: ["query"], causal: true }, values: padded }),
  "padding mask, causal, tiles": crossed(small, { ...gpu, attrs: { of: ["query"], causal: true }, values: padded }),
  "padding mask, dropout": crossed(small, {
    ...seed,
    attrs: { of: ["key"], dropped: 6710886 },
    values: { ...padded, seed: [3] },
  }),
  "padding mask, dropout, tiles": crossed(small, {
    ...seed,
    ...gpu,
    attrs: { of: ["value"], dropped: 6710886 },
    values: { ...padded, seed: [3] },
  }),
  "packed rows": packed,
  "packed rows, causal, tiles": { ...packed, ...gpu, attrs: { ...packed.attrs, causal: true } },
});

const rows = { context: [2, 5, 6], dContext: [2, 5, 6], logSumExp: [2, 2, 5] };
describeOp(attentionStatisticsOp, {
  "rows of heads": { shapes: rows, attrs: { heads: 2, headDim: 3, causal: false } },
  // Worked by hand: 1 * 3 + 2 * 4 - 5; the second key is the first that is kept.
  "with a mask and a gradient of log-sum-exp": {
    shapes: { context: [1, 2, 2], dContext: [1, 2, 2], logSumExp: [1, 1, 2], dLogSumExp: [1, 1, 2], mask: [1, 3] },
    values: {
      context: [1, 2, 0, 1],
      dContext: [3, 4, 7, 8],
      logSumExp: [0.5, 0.25],
      dLogSumExp: [5, 6],
      mask: [0, 1, 0],
    },
    attrs: { heads: 1, headDim: 2, causal: true },
    expect: [0.5, 0.25, 6, 2, 0, 1],
    gradients: false,
  },
  "pieces of four": {
    shapes: { ...rows, context: [2, 5, 8], dContext: [2, 5, 8] },
    attrs: { heads: 2, headDim: 4, causal: false },
  },
});
