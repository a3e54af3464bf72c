import type { TfjsRule } from "../op.ts";
import { attentionTfjs } from "./attention.tfjs.ts";
import { elementwiseTfjs } from "./elementwise.tfjs.ts";
import { geluTfjs } from "./gelu.tfjs.ts";
import { linearTfjs, quantizedLinearTfjs } from "./linear.tfjs.ts";
import { matmulTfjs } from "./matmul.tfjs.ts";
import { patchEmbeddingTfjs } from "./patch-embedding.tfjs.ts";
import { integers } from "./snippets/packed-integers.ts";
import { topKTfjs } from "./top-k.tfjs.ts";
import type { UnpackAttrs } from "./unpack.ts";

/** A rule whose operand names are forgotten; `apply` has checked them. */
export type AnyTfjsRule = {
  // biome-ignore lint/suspicious/noExplicitAny: a method's parameters may be narrower, so that all rules fit.
  apply(...args: Parameters<TfjsRule<any, any, any>>): ReturnType<TfjsRule<any, any, any>>;
}["apply"];

/** Rules that only the tfjs executor loads: of primitives that say `later`, and of fused ops that are faster than their definition. */
export const tfjsRules: Readonly<Record<string, AnyTfjsRule>> = {
  ...elementwiseTfjs,
  attention: attentionTfjs,
  gelu: ((tf, { x }) => [geluTfjs(tf, x)]) satisfies TfjsRule<"x">,
  linear: linearTfjs,
  matmul: matmulTfjs,
  patchEmbedding: patchEmbeddingTfjs,
  quantizedLinear: quantizedLinearTfjs,
  topK: topKTfjs,
  // Read on the CPU: most tfjs backends have no exact 32-bit integer arithmetic.
  unpack: ((tf, { x }, { bits }, { outputs }) => [
    tf.tensor(Float32Array.from(integers(x.dataSync(), bits)), [...outputs[0]!.shape], "float32"),
  ]) satisfies TfjsRule<"x", never, UnpackAttrs>,
  softmax: ((tf, { x }) => [tf.softmax(x)]) satisfies TfjsRule<"x">,
};
