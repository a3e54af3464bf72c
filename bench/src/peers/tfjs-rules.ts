import * as tf from "@tensorflow/tfjs-core";
import type { Call, Rules } from "./rules.ts";

type T = tf.Tensor;

function gelu(x: T): T {
  return tf.mul(x, tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5));
}

const ACTIVATIONS = { none: (x: T) => x, gelu, tanh: (x: T) => tf.tanh(x), relu: (x: T) => tf.relu(x) };

function layerNorm(x: T, { inputs, attrs }: Call<T>): T {
  const { mean, variance } = tf.moments(x, -1, true);
  const normal = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, attrs.eps)));
  return tf.add(tf.mul(normal, inputs.weight!), inputs.bias!);
}

/** The heads of packed rows as [batch, heads, tokens, headDim]. */
function heads(x: T, offset: number, { attrs }: Call<T>): T {
  const [batch, tokens, width] = x.shape as [number, number, number];
  const size = attrs.heads * attrs.headDim;
  const rows = width === size ? x : tf.slice(x, [0, 0, offset], [batch, tokens, size]);
  return tf.transpose(tf.reshape(rows, [batch, tokens, attrs.heads, attrs.headDim]), [0, 2, 1, 3]);
}

function attention(call: Call<T>): T {
  const { inputs, attrs, output } = call;
  const query = heads(inputs.query!, attrs.queryOffset, call);
  const key = heads(inputs.key!, attrs.keyOffset, call);
  const products = tf.mul(tf.matMul(query, key, false, true), attrs.scale);
  const mask = inputs.mask;
  const bias = mask && tf.mul(tf.sub(1, tf.reshape(mask, [mask.shape[0]!, 1, 1, mask.shape[1]!])), attrs.maskValue);
  const weights = tf.softmax(bias ? tf.add(products, bias) : products);
  const context = tf.matMul(weights, heads(inputs.value!, attrs.valueOffset, call));
  return tf.reshape(tf.transpose(context, [0, 2, 1, 3]), [...output.shape]);
}

function linear({ inputs, specs, output, attrs, swapped }: Call<T>): T {
  const rows = tf.reshape(inputs.x!, [-1, specs.x!.shape.at(-1)!]) as tf.Tensor2D;
  const product = tf.fused.matMul({
    a: rows,
    b: inputs.weight as tf.Tensor2D,
    transposeB: !swapped.has("weight"),
    ...(inputs.bias && { bias: inputs.bias }),
  });
  const y = tf.reshape(ACTIVATIONS[attrs.activation](product), [...output.shape]);
  return inputs.residual ? tf.add(y, inputs.residual) : y;
}

/** As a convolution, in the layout that tfjs wants: pixels and channels last. */
function convolved({ inputs, attrs }: Call<T>): T {
  const image = tf.transpose(inputs.image!, [0, 2, 3, 1]) as tf.Tensor4D;
  return tf.conv2d(image, tf.transpose(inputs.weight!, [2, 3, 1, 0]) as tf.Tensor4D, attrs.patchSize, "valid");
}

/** As a product of patches: the wasm backend has no gradient of convolutions. */
function multiplied({ inputs, specs, output, attrs: { patchSize } }: Call<T>): T {
  const [batch, channels, height] = specs.image!.shape as readonly [number, number, number];
  const [, tokens, width] = output.shape as readonly [number, number, number];
  const side = height / patchSize;
  const pixels = tf.reshape(inputs.image!, [batch, channels, side, patchSize, side, patchSize]);
  const patches = tf.reshape(tf.transpose(pixels, [0, 2, 4, 1, 3, 5]), [batch * (tokens - 1), -1]);
  return tf.matMul(patches, tf.reshape(inputs.weight!, [width, -1]), false, true);
}

function patchEmbedding(call: Call<T>, embed: (call: Call<T>) => T): T {
  const { inputs, output } = call;
  const [batch, tokens, width] = output.shape as readonly [number, number, number];
  const patches = tf.add(tf.reshape(embed(call), [batch, tokens - 1, width]), inputs.bias!);
  const cls = tf.broadcastTo(inputs.clsToken!, [batch, 1, width]);
  return tf.add(tf.concat([cls, patches], 1), inputs.position!);
}

function embeddingLayerNorm(call: Call<T>): T {
  const { inputs, specs } = call;
  const [, tokens] = specs.inputIds!.shape as readonly [number, number];
  const width = specs.word!.shape[1]!;
  const words = tf.gather(inputs.word!, inputs.inputIds as tf.Tensor2D);
  const places = tf.slice(inputs.position!, [0, 0], [tokens, width]);
  return layerNorm(tf.add(tf.add(words, places), tf.slice(inputs.tokenType!, [0, 0], [1, width])), call);
}

function similarity({ inputs, attrs }: Call<T>): T {
  const product = tf.mul(tf.matMul(inputs.a!, inputs.b!, false, true), attrs.scale);
  return inputs.temperature ? tf.div(product, inputs.temperature) : product;
}

const asFloat = (x: T) => tf.cast(x, "float32");

/** A value through which no gradient flows. */
const stop = tf.customGrad((x) => ({ value: (x as T).clone(), gradFunc: () => tf.zerosLike(x as T) }));

/** What one writes by hand in tfjs. */
export const tfjsRules: Rules<T> = {
  linear,
  attention,
  patchEmbedding: (call) => patchEmbedding(call, convolved),
  embeddingLayerNorm,
  similarity,
  layerNorm: (call) =>
    layerNorm(call.inputs.residual ? tf.add(call.inputs.x!, call.inputs.residual) : call.inputs.x!, call),
  l2Normalize: ({ inputs: { x } }) => tf.div(x!, tf.sqrt(tf.sum(tf.square(x!), -1, true))),
  add: ({ inputs: { a, b } }) => tf.add(a!, b!),
  sub: ({ inputs: { a, b } }) => tf.sub(a!, b!),
  mul: ({ inputs: { a, b } }) => tf.mul(a!, b!),
  div: ({ inputs: { a, b } }) => tf.div(a!, b!),
  maximum: ({ inputs: { a, b } }) => tf.maximum(a!, b!),
  equal: ({ inputs: { a, b } }) => asFloat(tf.equal(a!, b!)),
  greater: ({ inputs: { a, b } }) => asFloat(tf.greater(a!, b!)),
  affine: ({ inputs, attrs: { scale, shift } }) => tf.add(tf.mul(inputs.x!, scale), shift),
  exp: ({ inputs }) => tf.exp(inputs.x!),
  log: ({ inputs }) => tf.log(inputs.x!),
  sum: ({ inputs, attrs }) => tf.sum(inputs.x!, [...attrs.axes], true),
  max: ({ inputs, attrs }) => stop(tf.max(inputs.x!, [...attrs.axes], true)),
  cast: ({ inputs, output }) => tf.cast(inputs.x!, output.dtype === "f32" ? "float32" : "int32"),
  reshape: ({ inputs, output }) => tf.reshape(inputs.x!, [...output.shape]),
  broadcastTo: ({ inputs, output }) => tf.broadcastTo(inputs.x!, [...output.shape]),
  transpose: ({ inputs, attrs }) => tf.transpose(inputs.x!, [...attrs.permutation]),
  slice: ({ inputs, attrs }) => tf.slice(inputs.x!, [...attrs.begin], [...attrs.size]),
  concat: ({ inputs: { a, b }, attrs }) => tf.concat([a!, b!], attrs.axis),
  gather: ({ inputs }) => tf.gather(inputs.table!, inputs.indices as tf.Tensor1D),
  stopGradient: ({ inputs }) => stop(inputs.x!),
  fill: ({ output, attrs }) => tf.fill([...output.shape], attrs.value, output.dtype === "f32" ? "float32" : "int32"),
  iota: ({ output, attrs }) => {
    const line = tf.range(0, output.shape[attrs.axis]!, 1, output.dtype === "f32" ? "float32" : "int32");
    const shape = output.shape.map((extent, axis) => (axis === attrs.axis ? extent : 1));
    return tf.broadcastTo(tf.reshape(line, shape), [...output.shape]);
  },
};

/** The same, where gradients are wanted on every backend. */
export const tfjsTrainingRules: Rules<T> = {
  ...tfjsRules,
  patchEmbedding: (call) => patchEmbedding(call, multiplied),
};
