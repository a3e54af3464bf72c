import type { Tensor } from "../graph/tensor.ts";
import type { TfModule, TfTensor } from "../op.ts";
import { attention } from "../ops/attention.ts";
import { droppedAttention } from "../ops/attention-dropout.ts";
import { ELEMENT_STREAM, randomBits, SEED_STREAM } from "../ops/snippets/random.ts";
import { describeGradient } from "../testing/index.ts";

const f32 = (...shape: number[]) => ({ dtype: "f32" as const, shape });
type Named<T> = Readonly<Record<string, T>>;

const heads = { heads: 2, headDim: 4, scale: 0.5 };
const rate = 0.25;
const keep = [1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 0];
const cross = { query: f32(2, 5, 8), key: f32(2, 7, 8), value: f32(2, 7, 8) };
const wrt = Object.keys(cross);

interface Reference {
  readonly mask?: TfTensor;
  readonly causal?: boolean;
  /** What dropout multiplies the probabilities by. */
  readonly factors?: TfTensor;
}

/** Attention as the official code writes it, on tfjs. */
function reference(tf: TfModule, [query, key, value]: readonly TfTensor[], { mask, causal, factors }: Reference) {
  const split = (x: TfTensor) => tf.transpose(tf.reshape(x, [x.shape[0]!, x.shape[1]!, 2, 4]), [0, 2, 1, 3]);
  const [queries, keys] = [query!.shape[1]!, key!.shape[1]!];
  let scores = tf.mul(tf.matMul(split(query!), split(key!), false, true), 0.5);
  let kept = mask ? tf.reshape(mask, [-1, 1, 1, keys]) : tf.ones([1, 1, 1, keys]);
  if (causal) kept = tf.mul(kept, tf.linalg.bandPart(tf.ones([queries, keys]), -1, 0));
  scores = tf.add(scores, tf.mul(tf.sub(1, kept), -10000));
  const probabilities = tf.softmax(scores);
  const context = tf.matMul(factors ? tf.mul(probabilities, factors) : probabilities, split(value!));
  return tf.reshape(tf.transpose(context, [0, 2, 1, 3]), [query!.shape[0]!, queries, 8]);
}

/** 0 or 1 / (1 - rate) by the generator's bits of stream 0. */
function factorsOf(tf: TfModule, seed: number, shape: readonly number[]): TfTensor {
  const own = randomBits(0, SEED_STREAM, seed);
  const count = shape.reduce((product, extent) => product * extent, 1);
  const uniform = Array.from({ length: count }, (_, i) => (randomBits(i, ELEMENT_STREAM, own) >>> 8) / 2 ** 24);
  return tf.tensor(
    uniform.map((u) => (u >= rate ? 1 / (1 - rate) : 0)),
    [...shape],
  );
}

describeGradient("attention", {
  "cross-attention": {
    specs: cross,
    model: ({ query, key, value }: Named<Tensor>) => attention(query!, key!, value!, heads),
    reference: (tf, { query, key, value }) => reference(tf, [query!, key!, value!], {}),
  },
  "padding mask": {
    specs: { ...cross, mask: f32(2, 7) },
    values: { mask: keep },
    wrt,
    model: ({ query, key, value, mask }: Named<Tensor>) => attention(query!, key!, value!, { ...heads, mask: mask! }),
    reference: (tf, { query, key, value, mask }) => reference(tf, [query!, key!, value!], { mask: mask! }),
  },
  "packed rows, causal": {
    specs: { packed: f32(1, 9, 24) },
    model: ({ packed }: Named<Tensor>) =>
      attention(packed!, packed!, packed!, { ...heads, causal: true, keyOffset: 8, valueOffset: 16 }),
    reference: (tf, { packed }) => reference(tf, tf.split(packed!, 3, 2), { causal: true }),
  },
});

const seed = { dtype: "u32" as const, shape: [] };
describeGradient("attention with dropout", {
  "cross-attention, padding mask": {
    specs: { ...cross, mask: f32(2, 7), seed },
    values: { mask: keep, seed: [41] },
    wrt,
    model: ({ query, key, value, mask, seed }: Named<Tensor>) =>
      droppedAttention(query!, key!, value!, { ...heads, mask: mask!, dropout: { rate, seed: seed! } }),
    reference: (tf, { query, key, value, mask }) =>
      reference(tf, [query!, key!, value!], { mask: mask!, factors: factorsOf(tf, 41, [2, 2, 5, 7]) }),
  },
  "packed rows, causal": {
    specs: { packed: f32(1, 9, 24), seed },
    values: { seed: [5] },
    wrt: ["packed"],
    model: ({ packed, seed }: Named<Tensor>) =>
      droppedAttention(packed!, packed!, packed!, {
        ...heads,
        causal: true,
        keyOffset: 8,
        valueOffset: 16,
        dropout: { rate, seed: seed! },
      }),
    reference: (tf, { packed }) =>
      reference(tf, tf.split(packed!, 3, 2), { causal: true, factors: factorsOf(tf, 5, [1, 2, 9, 9]) }),
  },
});
