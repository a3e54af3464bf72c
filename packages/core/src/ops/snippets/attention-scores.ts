import type { PrimitiveSet } from "../../graph/primitive-set.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { expectDType, expectShape } from "../../shape.ts";
import type { TensorSpec } from "../../spec.ts";
import { expectHeads, expectSameBatch, type HeadAttrs, splitHeads } from "./attention-heads.ts";

export interface ScoreAttrs extends HeadAttrs {
  /** Factor of the products: 1 / sqrt(headDim) in ALBEF. */
  readonly scale: number;
  /** Added as (1 - mask) * maskValue: -10000 in self-attention, -1e9 in cross-attention (spec of the official code). */
  readonly maskValue: number;
  /** Token t sees tokens 0 to t; the others are masked like padding. */
  readonly causal: boolean;
  readonly queryOffset: number;
  readonly keyOffset: number;
}

/** How callers ask for scores. */
export interface ScoreOptions extends HeadAttrs {
  /** Factor of the products: 1 / sqrt(headDim) in ALBEF. */
  readonly scale: number;
  /** [batch, S] f32, 1 = keep. */
  readonly mask?: Tensor;
  /** Added as (1 - mask) * maskValue. Default -10000, as in self-attention. */
  readonly maskValue?: number;
  /** Token t sees tokens 0 to t. */
  readonly causal?: boolean;
  /** Where the heads begin in the last axis of `query` and of `key`, for packed rows. Default 0. */
  readonly queryOffset?: number;
  readonly keyOffset?: number;
}

/** The attributes of options, with defaults filled in. */
export function scoreAttrs(options: ScoreOptions): ScoreAttrs {
  const { heads, headDim, scale, maskValue = -10000, causal = false, queryOffset = 0, keyOffset = 0 } = options;
  return { heads, headDim, scale, maskValue, causal, queryOffset, keyOffset };
}

/** Masks from here on swallow the score in f32, so a row without any key is uniform. */
export const SWALLOWING_MASK = -1e8;

export function swallows({ maskValue }: Pick<ScoreAttrs, "maskValue">): boolean {
  return maskValue <= SWALLOWING_MASK;
}

export function expectScoreOperands(
  op: string,
  { query, key, mask }: { query: TensorSpec; key: TensorSpec; mask?: TensorSpec },
  attrs: ScoreAttrs,
): void {
  expectHeads(op, "query", query, { ...attrs, offset: attrs.queryOffset });
  expectHeads(op, "key", key, { ...attrs, offset: attrs.keyOffset });
  expectSameBatch(op, "key", key, query);
  if (!mask) return;
  expectDType(op, "mask", mask, ["f32"]);
  expectShape(op, "mask", mask, key.shape.slice(0, 2));
}

/**
 * Scores [batch, heads, L, S] in f32 with the mask added. In rows whose keys are all masked the common -10000 (or -1e9)
 * is left out: the softmax is the same, and log-sum-exp keeps its digits.
 */
export function attentionScores(
  p: PrimitiveSet,
  { query, key, mask }: { readonly query: Tensor; readonly key: Tensor; readonly mask?: Tensor },
  attrs: ScoreAttrs,
): Tensor {
  const q = splitHeads(p, query, attrs, attrs.queryOffset);
  const k = splitHeads(p, key, attrs, attrs.keyOffset);
  const products = p.mul(p.matmul(q, k, { transposeB: true }), attrs.scale);
  const keep = keptKeys(p, query, mask, { causal: attrs.causal, keys: key.shape[1]! });
  if (!keep) return products;
  const bias = p.mul(p.sub(p.max(keep), keep), attrs.maskValue);
  return p.add(swallows(attrs) ? p.mul(products, keep) : products, bias);
}

/** Which keys a query sees, 1 = keep: [batch or 1, 1, L or 1, S], or nothing where all are seen. */
export function keptKeys(
  p: PrimitiveSet,
  query: Tensor,
  mask: Tensor | undefined,
  { causal, keys }: { readonly causal: boolean; readonly keys: number },
): Tensor | undefined {
  const padding = mask && p.reshape(mask, [mask.shape[0]!, 1, 1, keys]);
  if (!causal) return padding;
  const shape = [1, 1, query.shape[1]!, keys];
  const later = p.greater(p.iota(query, shape, 3), p.iota(query, shape, 2));
  const seen = p.add(p.neg(later), 1);
  return padding ? p.mul(seen, padding) : seen;
}
