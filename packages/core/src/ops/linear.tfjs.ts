import type { TfjsRule, TfModule, TfTensor } from "../op.ts";
import { geluTfjs } from "./gelu.tfjs.ts";
import type { LinearAttrs } from "./linear.ts";
import { keptSwapped } from "./matmul.tfjs.ts";

/** One product with the bias in it; on wasm the weights are transposed and packed once. */
export const linearTfjs: TfjsRule<"x" | "weight", "bias" | "residual", LinearAttrs> = (
  tf,
  { x, weight, bias, residual },
  { activation },
  call,
) => {
  const transposeB = tf.getBackend() !== "wasm";
  const product = tf.fused.matMul({
    a: tf.reshape(x, [-1, x.shape.at(-1)!]) as never,
    b: (transposeB ? weight : keptSwapped(tf, weight, call)) as never,
    transposeB,
    ...(bias && { bias }),
  });
  const y = tf.reshape(activated(tf, product, activation), [...call.outputs[0]!.shape]);
  return [residual ? tf.add(y, residual) : y];
};

function activated(tf: TfModule, x: TfTensor, activation: LinearAttrs["activation"]): TfTensor {
  if (activation === "gelu") return geluTfjs(tf, x);
  if (activation === "tanh") return tf.tanh(x);
  return activation === "relu" ? tf.relu(x) : x;
}
