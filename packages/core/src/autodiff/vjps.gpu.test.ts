import type { Tensor } from "../graph/tensor.ts";
import type { TfModule, TfTensor } from "../op.ts";
import { embeddingLayerNorm } from "../ops/embedding-layernorm.ts";
import { gelu } from "../ops/gelu.ts";
import { l2Normalize } from "../ops/l2-normalize.ts";
import { layerNorm } from "../ops/layernorm.ts";
import { linear } from "../ops/linear.ts";
import { patchEmbedding } from "../ops/patch-embedding.ts";
import { similarity } from "../ops/similarity.ts";
import { softmax } from "../ops/softmax.ts";
import { describeGradient, uniform } from "../testing/index.ts";

const f32 = (...shape: number[]) => ({ dtype: "f32" as const, shape });
const i32 = (...shape: number[]) => ({ dtype: "i32" as const, shape });
type Named<T> = Readonly<Record<string, T>>;

function normalized(tf: TfModule, x: TfTensor, eps: number): TfTensor {
  const centered = tf.sub(x, tf.mean(x, -1, true));
  return tf.mul(centered, tf.rsqrt(tf.add(tf.mean(tf.square(centered), -1, true), eps)));
}

function tfGelu(tf: TfModule, x: TfTensor): TfTensor {
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
}

describeGradient("linear", {
  "gelu, bias and residual": {
    specs: { x: f32(2, 3, 5), weight: f32(7, 5), bias: f32(7), residual: f32(2, 3, 7) },
    model: ({ x, weight, bias, residual }: Named<Tensor>) =>
      linear(x!, weight!, { bias: bias!, residual: residual!, activation: "gelu" }),
    reference: (tf, { x, weight, bias, residual }) => {
      const rows = tf.reshape(x!, [6, 5]) as import("@tensorflow/tfjs-core").Tensor2D;
      const u = tf.add(tf.matMul(rows, weight as typeof rows, false, true), bias!);
      return tf.add(tf.reshape(tfGelu(tf, u), [2, 3, 7]), residual!);
    },
  },
  "no activation, depth in fours": {
    specs: { x: f32(6, 8), weight: f32(12, 8), bias: f32(12) },
    model: ({ x, weight, bias }: Named<Tensor>) => linear(x!, weight!, { bias: bias! }),
    reference: (tf, { x, weight, bias }) => tf.add(tf.matMul(x as never, weight as never, false, true), bias!),
  },
});

describeGradient("gelu", {
  "odd count": {
    specs: { x: f32(3, 7) },
    model: ({ x }: Named<Tensor>) => gelu(x!),
    reference: (tf, { x }) => tfGelu(tf, x!),
  },
});

describeGradient("layerNorm", {
  "with residual": {
    specs: { x: f32(2, 5, 9), weight: f32(9), bias: f32(9), residual: f32(2, 5, 9) },
    model: ({ x, weight, bias, residual }: Named<Tensor>) =>
      layerNorm(x!, weight!, bias!, { eps: 1e-6, residual: residual! }),
    reference: (tf, { x, weight, bias, residual }) =>
      tf.add(tf.mul(normalized(tf, tf.add(x!, residual!), 1e-6), weight!), bias!),
  },
});

describeGradient("softmax", {
  "a batch": {
    specs: { x: f32(2, 3, 7) },
    model: ({ x }: Named<Tensor>) => softmax(x!),
    reference: (tf, { x }) => tf.softmax(x!),
  },
});

describeGradient("l2Normalize", {
  "rows of a matrix": {
    specs: { x: f32(5, 7) },
    model: ({ x }: Named<Tensor>) => l2Normalize(x!),
    reference: (tf, { x }) => tf.div(x!, tf.sqrt(tf.sum(tf.square(x!), -1, true))),
  },
});

describeGradient("similarity", {
  "with a temperature": {
    specs: { a: f32(5, 8), b: f32(11, 8), temperature: f32() },
    fill: { temperature: uniform(0.3, 0.6) },
    model: ({ a, b, temperature }: Named<Tensor>) => similarity(a!, b!, { temperature: temperature!, scale: 0.5 }),
    reference: (tf, { a, b, temperature }) =>
      tf.div(tf.mul(tf.matMul(a as never, b as never, false, true), 0.5), temperature!),
  },
});

describeGradient("embeddingLayerNorm", {
  "captions without padding": {
    specs: {
      ids: i32(2, 3),
      word: f32(7, 6),
      position: f32(5, 6),
      tokenType: f32(2, 6),
      weight: f32(6),
      bias: f32(6),
    },
    values: { ids: [1, 4, 1, 6, 2, 1] }, // lookups of id 0 have no gradient in ours, as in the official code
    model: ({ ids, word, position, tokenType, weight, bias }: Named<Tensor>) =>
      embeddingLayerNorm(ids!, word!, position!, tokenType!, weight!, bias!, { eps: 1e-12 }),
    reference: (tf, { ids, word, position, tokenType, weight, bias }) => {
      const places = tf.slice(position!, [0, 0], [3, 6]);
      const x = tf.add(tf.add(tf.gather(word!, ids as never), places), tf.slice(tokenType!, [0, 0], [1, 6]));
      return tf.add(tf.mul(normalized(tf, x, 1e-12), weight!), bias!);
    },
  },
});

describeGradient("patchEmbedding", {
  "two images": {
    specs: { image: f32(2, 3, 8, 8), weight: f32(6, 3, 4, 4), bias: f32(6), cls: f32(1, 1, 6), position: f32(1, 5, 6) },
    model: ({ image, weight, bias, cls, position }: Named<Tensor>) =>
      patchEmbedding(image!, weight!, bias!, cls!, position!, { patchSize: 4 }),
    reference: (tf, { image, weight, bias, cls, position }) => {
      const split = tf.transpose(tf.reshape(image!, [2, 3, 2, 4, 2, 4]), [0, 2, 4, 1, 3, 5]);
      const patches = tf.reshape(split, [8, 48]);
      const rows = tf.add(tf.matMul(patches as never, tf.reshape(weight!, [6, 48]) as never, false, true), bias!);
      const tokens = tf.concat([tf.tile(cls!, [2, 1, 1]), tf.reshape(rows, [2, 4, 6])], 1);
      return tf.add(tokens, position!);
    },
  },
});
