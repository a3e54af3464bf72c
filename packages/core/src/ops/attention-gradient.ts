import { GraphError, ShapeError } from "../errors.ts";
import type { PrimitiveSet } from "../graph/primitive-set.ts";
import type { Tensor } from "../graph/tensor.ts";
import { defineFused, type Operands } from "../op.ts";
import { expectDType, expectFloat, expectShape, lastDim, sameShape } from "../shape.ts";
import { elementCount, type TensorSpec } from "../spec.ts";
import type { AttentionAttrs } from "./attention.wgsl.ts";
import { attentionGradientKernel } from "./attention-gradient.wgsl.ts";
import { dropoutOp } from "./dropout.ts";
import { type AttentionGradientAttrs, offsetOf } from "./snippets/attention-gradient-attrs.ts";
import type { Attended } from "./snippets/attention-gradient-sides.ts";
import { expectHeads, expectSameBatch, mergeHeads, splitHeads } from "./snippets/attention-heads.ts";
import { attentionScores, expectScoreOperands } from "./snippets/attention-scores.ts";

type Inputs = Attended | "dContext" | "statistics";
type Optional = "mask" | "seed";

/**
 * Gradients of attention that never write the L x S scores: P is computed again, tile by tile, from the log-sum-exp
 * (Dao et al. 2022, arXiv 2205.14135). With D what dropout multiplies by:
 * dV = (P D)ᵀ dO; dS = P (D (dO Vᵀ) - shift); dQ = scale dS K; dK = scale dSᵀ Q.
 * As in the official code, a mask does not stop the gradient: where it masks P is 0, save in rows without any key.
 */
export const attentionGradientOp = defineFused<Inputs, Optional, AttentionGradientAttrs>({
  name: "attentionGradient",
  inputs: ["query", "key", "value", "dContext", "statistics"],
  optional: ["mask", "seed"],

  infer(inputs, attrs) {
    const { query, value, dContext, statistics, mask, seed } = inputs;
    const { heads, headDim, of, packed, dropped } = attrs;
    expectScoreOperands("attentionGradient", inputs, attrs);
    expectHeads("attentionGradient", "value", value, { ...attrs, offset: attrs.valueOffset });
    expectSameBatch("attentionGradient", "value", value, query);
    const [batch, queries] = query.shape as readonly [number, number];
    expectFloat("attentionGradient", "dContext", dContext);
    expectShape("attentionGradient", "dContext", dContext, [batch, queries, heads * headDim]);
    expectDType("attentionGradient", "statistics", statistics, ["f32"]);
    expectShape("attentionGradient", "statistics", statistics, [mask ? 3 : 2, batch, heads, queries]);
    if (seed) expectDType("attentionGradient", "seed", seed, ["u32"]);
    if (!seed !== (dropped === 0)) throw new GraphError("attentionGradient: a seed and a share to drop go together");
    if (packed) return [packedSpec(inputs, attrs)];
    return of.map((name) => ({
      dtype: inputs[name].dtype,
      shape: [...inputs[name].shape.slice(0, 2), heads * headDim],
    }));
  },

  define(p, inputs, attrs) {
    const gradients = rowGradients(p, inputs, attrs);
    if (!attrs.packed) return attrs.of.map((name) => p.cast(gradients[name](), inputs[name].dtype));
    const inOrder = (["query", "key", "value"] as Attended[]).sort((a, b) => offsetOf(a, attrs) - offsetOf(b, attrs));
    const parts = inOrder.map((name) => gradients[name]());
    return [p.cast(p.concat(parts, 2), inputs.query.dtype)];
  },

  flops: ({ inputs }, { heads, headDim, of }) => {
    const scores = elementCount(inputs.query.shape.slice(0, 2)) * inputs.key.shape[1]! * heads;
    return 2 * scores * headDim * (2 + of.length);
  },
  lower: (specs, attrs, adapter) => attentionGradientKernel(specs, attrs, adapter),
});

/** Whether the heads of query, key and value fill packed rows of this width. */
export function fillsRows(width: number, attrs: AttentionAttrs): boolean {
  const own = attrs.heads * attrs.headDim;
  const offsets = [attrs.queryOffset, attrs.keyOffset, attrs.valueOffset].sort((a, b) => a - b);
  return width === 3 * own && offsets.every((offset, i) => offset === i * own);
}

function packedSpec({ query, key, value }: Operands<Inputs, Optional, TensorSpec>, attrs: AttentionGradientAttrs) {
  if (![key, value].every(({ shape }) => sameShape(shape, query.shape)) || !fillsRows(lastDim(query), attrs))
    throw new ShapeError("attentionGradient: packed operands must be one tensor, filled by its heads");
  return query;
}

/** The gradients in f32 [batch, tokens, heads * headDim], each when it is asked for. */
function rowGradients(
  p: PrimitiveSet,
  inputs: Operands<Inputs, Optional, Tensor>,
  attrs: AttentionGradientAttrs,
): Readonly<Record<Attended, () => Tensor>> {
  const { query, key, value, dContext, statistics, seed } = inputs;
  const rows = [...statistics.shape.slice(1), 1]; // [batch, heads, L, 1]
  const plane = (at: number) => p.reshape(p.slice(statistics, [at, 0, 0, 0], [1, ...rows.slice(0, 3)]), rows);
  const drop = (x: Tensor) => (seed ? dropoutOp.define(p, { x, seed }, attrs)[0]! : x);
  const probabilities = p.exp(p.sub(attentionScores(p, inputs, attrs), plane(0)));
  const dO = splitHeads(p, dContext, attrs);
  const dScores = () => {
    const dP = drop(p.matmul(dO, splitHeads(p, value, attrs, attrs.valueOffset), { transposeB: true }));
    return p.mul(p.mul(probabilities, p.sub(dP, plane(1))), attrs.scale);
  };
  const merged = (a: Tensor, b: Tensor, transposeA: boolean) => mergeHeads(p, p.matmul(a, b, { transposeA }));
  return {
    query: () => merged(dScores(), splitHeads(p, key, attrs, attrs.keyOffset), false),
    key: () => merged(dScores(), splitHeads(p, query, attrs, attrs.queryOffset), true),
    value: () => merged(drop(probabilities), dO, true),
  };
}
