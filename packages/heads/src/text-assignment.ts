import { primitives as p, type Tensor } from "@albef/core";
import {
  applyLinear,
  type LinearParameters,
  linearParameters,
  type ParameterSource,
  type TextConfig,
} from "@albef/encoder";
import { clsToken } from "./cls-token.ts";
import { itcSimilarity } from "./itc.ts";
import { pairTargets } from "./itc-loss.ts";
import { hardNegativeWeights, officialNegativeWeights, sampleNegatives } from "./itm-loss.ts";

/** Which of two images a text belongs to: the classes of text assignment. */
export const ASSIGNMENT_LABELS = ["first", "second", "neither"] as const;

/** Official constant, not the learned temperature. */
const TEMPERATURE = 0.07;
/** Share of the texts that belong to neither image. */
const NEITHER = 1 / 3;

/** `ta_head`: [3, width]. */
export function assignmentParameters(source: ParameterSource, { hiddenSize }: TextConfig): LinearParameters {
  return linearParameters(source, "ta_head", [ASSIGNMENT_LABELS.length, hiddenSize]);
}

/** Output of the two-image encoder [batch, L, width] -> logits [batch, 3], from [CLS]. */
export function assignmentLogits(fusionEmbeds: Tensor, parameters: LinearParameters): Tensor {
  return applyLinear(clsToken(fusionEmbeds), parameters);
}

export interface AssignmentWeights {
  /** Similarities of the images, over the temperature: [batch, batch]. */
  readonly similarities: Tensor;
  /** Chances of each image to be another's negative. No gradient flows back. */
  readonly weights: Tensor;
}

/** Images that look alike are each other's likelier negatives: unit features [batch, embedDim] of the images. */
export function assignmentWeights(features: Tensor, { faithful }: { readonly faithful: boolean }): AssignmentWeights {
  const batch = features.shape[0]!;
  const similarities = p.stopGradient(p.mul(itcSimilarity(features, features), 1 / TEMPERATURE));
  const own = pairTargets(similarities, batch, batch);
  const weights = faithful ? officialNegativeWeights(similarities, own) : hardNegativeWeights(similarities, own);
  return { similarities, weights };
}

/** Two different partners per row of weights [batch, batch], by uniforms [batch] each: i32 [batch] each. */
export function twoNegatives(weights: Tensor, [first, second]: readonly [Tensor, Tensor]): readonly [Tensor, Tensor] {
  const one = sampleNegatives(weights, first);
  const [batch, columns] = weights.shape as readonly [number, number];
  const places = p.iota(one, [batch, columns], 1, "i32");
  const taken = p.equal(places, p.broadcastTo(p.reshape(one, [batch, 1]), [batch, columns]));
  return [one, sampleNegatives(p.mul(weights, p.add(p.neg(taken), 1)), second)];
}

export interface Assignment {
  /** i32 [batch]: which image of the batch each text sees first, and second. */
  readonly first: Tensor;
  readonly second: Tensor;
  /** i32 [batch], places in ASSIGNMENT_LABELS. */
  readonly labels: Tensor;
}

/**
 * The two images that each text is shown (official model_pretrain_nlvr.py). Where u1 > 1/3 they are its own and one
 * negative, its own first where u2 > 0.5; else two negatives. Uniforms u1, u2 [batch]; negatives i32 [batch].
 */
export function assignImages([u1, u2]: readonly [Tensor, Tensor], [one, two]: readonly [Tensor, Tensor]): Assignment {
  const batch = u1.shape[0]!;
  const hasOwn = p.greater(u1, p.fill(u1, [batch], NEITHER));
  const ownFirst = p.mul(hasOwn, p.greater(u2, p.fill(u2, [batch], 0.5)));
  const ownSecond = p.sub(hasOwn, ownFirst);
  const neither = p.add(p.neg(hasOwn), 1);
  const own = p.iota(u1, [batch], 0);
  const [negative, other] = [p.cast(one, "f32"), p.cast(two, "f32")];
  const first = p.add(p.mul(own, ownFirst), p.mul(negative, p.add(p.neg(ownFirst), 1)));
  const second = p.add(p.mul(own, ownSecond), p.add(p.mul(negative, ownFirst), p.mul(other, neither)));
  const labels = p.add(ownSecond, p.mul(neither, 2));
  return { first: p.cast(first, "i32"), second: p.cast(second, "i32"), labels: p.cast(labels, "i32") };
}
