import type { TfjsRule } from "../op.ts";
import type { PatchEmbeddingAttrs } from "./patch-embedding.ts";

/** As a convolution in the layout of tfjs, channels last: no copy of the patches, and fast on wasm (XNNPACK). */
export const patchEmbeddingTfjs: TfjsRule<
  "image" | "weight" | "bias" | "clsToken" | "position",
  never,
  PatchEmbeddingAttrs
> = (tf, { image, weight, bias, clsToken, position }, { patchSize }, { outputs, kept }) => {
  const [batch, tokens, features] = outputs[0]!.shape as readonly [number, number, number];
  const grid = tf.fused.conv2d({
    x: tf.transpose(image, [0, 2, 3, 1]) as never,
    filter: kept(weight, "channels last", () => tf.transpose(weight, [2, 3, 1, 0])) as never,
    strides: patchSize,
    pad: "valid",
    bias,
  });
  const cls = tf.broadcastTo(clsToken, [batch, 1, features]);
  return [tf.add(tf.concat([cls, tf.reshape(grid, [batch, tokens - 1, features])], 1), position)];
};
