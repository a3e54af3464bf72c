import { describeOp, type OpCase } from "../testing/index.ts";
import { attentionOp } from "./attention.ts";

interface Extents {
  readonly batch: number;
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
  readonly headDim: number;
}

const plain = { maskValue: -10000, causal: false, queryOffset: 0, keyOffset: 0, valueOffset: 0 };
const gpu = { isCpu: false };

function crossed({ batch, heads, queries, keys, headDim }: Extents, more: Partial<OpCase> = {}): OpCase {
  const width = heads * headDim;
  return {
    shapes: { query: [batch, queries, width], key: [batch, keys, width], value: [batch, keys, width] },
    ...more,
    attrs: { ...plain, heads, headDim, scale: 1 / Math.sqrt(headDim), ...more.attrs },
  };
}

/** A mask operand; it has no gradient, so central differences on it say nothing. */
function masked(extents: Extents, mask: readonly number[], more: Partial<OpCase> = {}): OpCase {
  const { shapes, ...rest } = crossed(extents, more);
  const values = { ...more.values, mask };
  return { ...rest, shapes: { ...shapes, mask: [extents.batch, extents.keys] }, values, gradients: false };
}

const small = { batch: 2, heads: 2, queries: 5, keys: 7, headDim: 4 };
const ragged = [1, 1, 1, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0];
const oneRowFullyMasked = [1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0];
const packed: OpCase = {
  shapes: { query: [1, 6, 27], key: [1, 6, 27], value: [1, 6, 27] },
  attrs: { ...plain, heads: 3, headDim: 3, scale: 0.6, keyOffset: 9, valueOffset: 18 },
};

describeOp(attentionOp, {
  // Worked by hand: weights 1 : 3 over the values 0 and 4; the third key is masked.
  "weights 1 : 3": masked({ batch: 1, heads: 1, queries: 1, keys: 3, headDim: 1 }, [1, 1, 0], {
    values: { query: [1], key: [0, Math.log(3), 5], value: [0, 4, 100] },
    expect: [3],
  }),
  "one of each": crossed({ batch: 1, heads: 1, queries: 1, keys: 1, headDim: 1 }),
  "pieces of four": crossed({ batch: 1, heads: 2, queries: 3, keys: 9, headDim: 8 }),
  "odd heads, prime lengths": crossed({ batch: 2, heads: 3, queries: 11, keys: 13, headDim: 5 }),
  "widest head": crossed({ batch: 1, heads: 1, queries: 2, keys: 5, headDim: 128 }, { gradients: false }),
  "more queries than a tile": crossed({ batch: 1, heads: 1, queries: 67, keys: 3, headDim: 2 }, { gradients: false }),
  "long sequence": crossed({ batch: 1, heads: 1, queries: 2, keys: 1031, headDim: 4 }, { gradients: false }),
  "padding mask": masked(small, ragged),
  "a row fully masked by -10000": masked(small, oneRowFullyMasked, { tolerance: { atol: 2e-3 } }),
  "a row fully masked by -1e9": masked(small, oneRowFullyMasked, { attrs: { maskValue: -1e9 } }),
  "packed rows": packed,
  "packed rows, causal": { ...packed, attrs: { ...packed.attrs, causal: true } },
  "causal, first tokens padded": masked({ ...small, queries: 7 }, [0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0], {
    attrs: { causal: true },
    tolerance: { atol: 2e-3 },
  }),
  "grid folded over two axes": crossed(small, { adapter: { maxWorkgroupsPerDimension: 3 }, gradients: false }),
  "workgroup tiles": masked(small, ragged, { adapter: gpu }),
  "workgroup tiles, odd heads, several tiles of keys": crossed(
    { batch: 1, heads: 2, queries: 66, keys: 37, headDim: 3 },
    { adapter: { ...gpu, maxWorkgroupsPerDimension: 3 }, gradients: false },
  ),
  "workgroup tiles, a row fully masked, causal": masked({ ...small, queries: 7 }, oneRowFullyMasked, {
    adapter: gpu,
    attrs: { causal: true, maskValue: -1e9 },
  }),
});
