import type { TfjsCall, TfjsRule, TfModule, TfTensor } from "../op.ts";
import { geluTfjs } from "./gelu.tfjs.ts";
import type { LinearAttrs } from "./linear.ts";
import { keptSwapped } from "./matmul.tfjs.ts";
import type { QuantizedLinearAttrs } from "./quantized-linear.wgsl.ts";
import { integers } from "./snippets/packed-integers.ts";

/** One product with the bias in it; on wasm the weights are transposed and packed once. */
export const linearTfjs: TfjsRule<"x" | "weight", "bias" | "residual", LinearAttrs> = (tf, inputs, attrs, call) => {
  const kernel = isWasm(tf) ? keptSwapped(tf, inputs.weight, call) : inputs.weight;
  return [layer(tf, { ...inputs, kernel, activation: attrs.activation }, call)];
};

/** The same with the weight made of its integers once. */
export const quantizedLinearTfjs: TfjsRule<
  "x" | "packed" | "scales",
  "bias" | "residual",
  QuantizedLinearAttrs & LinearAttrs
> = (tf, inputs, { bits, group, activation }, call) => {
  const { x, packed, scales } = inputs;
  const dense = () => {
    const values = tf.tensor(Float32Array.from(integers(packed.dataSync(), bits)), [...scales.shape, group], "float32");
    const weight = tf.reshape(tf.mul(values, tf.expandDims(scales, -1)), [scales.shape[0]!, x.shape.at(-1)!]);
    return isWasm(tf) ? tf.transpose(weight) : weight;
  };
  // With the scales, under the name of the integers: a change of either makes it anew.
  const kernel = call.kept(scales, `weight of ${packed.id}`, dense);
  return [layer(tf, { ...inputs, kernel, activation }, call)];
};

interface Layer extends LinearAttrs {
  readonly x: TfTensor;
  /** [k, n] on wasm, else [n, k]. */
  readonly kernel: TfTensor;
  readonly bias?: TfTensor;
  readonly residual?: TfTensor;
}

function layer(tf: TfModule, { x, kernel, bias, residual, activation }: Layer, { outputs }: TfjsCall): TfTensor {
  const product = tf.fused.matMul({
    a: tf.reshape(x, [-1, x.shape.at(-1)!]) as never,
    b: kernel as never,
    transposeB: !isWasm(tf),
    ...(bias && { bias }),
  });
  const y = tf.reshape(activated(tf, product, activation), [...outputs[0]!.shape]);
  return residual ? tf.add(y, residual) : y;
}

function isWasm(tf: TfModule): boolean {
  return tf.getBackend() === "wasm";
}

function activated(tf: TfModule, x: TfTensor, activation: LinearAttrs["activation"]): TfTensor {
  if (activation === "gelu") return geluTfjs(tf, x);
  if (activation === "tanh") return tf.tanh(x);
  return activation === "relu" ? tf.relu(x) : x;
}
