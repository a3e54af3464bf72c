import type { TfjsRule } from "../op.ts";
import { attentionTfjs } from "./attention.tfjs.ts";
import { geluTfjs } from "./gelu.tfjs.ts";
import { linearTfjs } from "./linear.tfjs.ts";
import { matmulTfjs } from "./matmul.tfjs.ts";
import { patchEmbeddingTfjs } from "./patch-embedding.tfjs.ts";

/** A rule whose operand names are forgotten; `apply` has checked them. */
export type AnyTfjsRule = {
  // biome-ignore lint/suspicious/noExplicitAny: a method's parameters may be narrower, so that all rules fit.
  apply(...args: Parameters<TfjsRule<any, any, any>>): ReturnType<TfjsRule<any, any, any>>;
}["apply"];

/** Rules that only the tfjs executor loads: of primitives that say `later`, and of fused ops that are faster than their definition. */
export const tfjsRules: Readonly<Record<string, AnyTfjsRule>> = {
  attention: attentionTfjs,
  gelu: ((tf, { x }) => [geluTfjs(tf, x)]) satisfies TfjsRule<"x">,
  linear: linearTfjs,
  matmul: matmulTfjs,
  patchEmbedding: patchEmbeddingTfjs,
  softmax: ((tf, { x }) => [tf.softmax(x)]) satisfies TfjsRule<"x">,
};
