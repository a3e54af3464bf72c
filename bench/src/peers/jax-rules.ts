import { type Array as Arr, DType, lax, nn, numpy as np } from "@jax-js/jax";
import type { Call, Rules } from "./rules.ts";

// jax-js counts uses: each call takes its operands over; `x.ref` asks for one use more.
const ACTIVATIONS = {
  none: (x: Arr) => x,
  gelu: (x: Arr) => nn.gelu(x, { approximate: false }),
  tanh: (x: Arr) => np.tanh(x),
  relu: (x: Arr) => nn.relu(x),
};

const shapeOf = (shape: readonly number[]) => [...shape];

function layerNorm(x: Arr, { inputs, attrs }: Call<Arr>): Arr {
  return nn.standardize(x, -1, { epsilon: attrs.eps }).mul(inputs.weight!).add(inputs.bias!);
}

/** The heads of packed rows as [batch, tokens, heads, headDim]. */
function heads(x: Arr, offset: number, { attrs }: Call<Arr>): Arr {
  const [batch, tokens, width] = x.shape as [number, number, number];
  const size = attrs.heads * attrs.headDim;
  const rows = width === size ? x : x.slice([], [], [offset, offset + size]);
  return rows.reshape([batch, tokens, attrs.heads, attrs.headDim]);
}

function attention(call: Call<Arr>): Arr {
  const { inputs, specs, attrs, output } = call;
  const mask = inputs.mask;
  const bias =
    mask && np.array(1).sub(mask).mul(attrs.maskValue).reshape([specs.mask!.shape[0]!, 1, 1, specs.mask!.shape[1]!]);
  const context = nn.dotProductAttention(
    heads(inputs.query!, attrs.queryOffset, call),
    heads(inputs.key!, attrs.keyOffset, call),
    heads(inputs.value!, attrs.valueOffset, call),
    { scale: attrs.scale, ...(bias && { bias }) },
  );
  return context.reshape(shapeOf(output.shape));
}

function linear({ inputs, specs, output, attrs, swapped }: Call<Arr>): Arr {
  const rows = inputs.x!.reshape([-1, specs.x!.shape.at(-1)!]);
  const kernel = swapped.has("weight") ? inputs.weight! : inputs.weight!.transpose();
  const product = np.matmul(rows, kernel);
  const y = ACTIVATIONS[attrs.activation](inputs.bias ? product.add(inputs.bias) : product).reshape(
    shapeOf(output.shape),
  );
  return inputs.residual ? y.add(inputs.residual) : y;
}

/** As a matrix product of the patches: faster here than the convolution, with the same numbers. */
function patchEmbedding({ inputs, specs, output, attrs: { patchSize } }: Call<Arr>): Arr {
  const [batch, channels, height] = specs.image!.shape as readonly [number, number, number];
  const [, tokens, width] = output.shape as readonly [number, number, number];
  const side = height / patchSize;
  const pixels = inputs.image!.reshape([batch, channels, side, patchSize, side, patchSize]);
  const patches = pixels.transpose([0, 2, 4, 1, 3, 5]).reshape([batch * (tokens - 1), -1]);
  const kernel = inputs.weight!.reshape([width, -1]).transpose();
  const embedded = np
    .matmul(patches, kernel)
    .add(inputs.bias!)
    .reshape([batch, tokens - 1, width]);
  const cls = np.broadcastTo(inputs.clsToken!, [batch, 1, width]);
  return np.concatenate([cls, embedded], 1).add(inputs.position!);
}

function embeddingLayerNorm(call: Call<Arr>): Arr {
  const { inputs, specs } = call;
  const tokens = specs.inputIds!.shape[1]!;
  const words = np.take(inputs.word!, inputs.inputIds!, 0);
  return layerNorm(words.add(inputs.position!.slice([0, tokens])).add(inputs.tokenType!.slice([0, 1])), call);
}

function similarity({ inputs, attrs }: Call<Arr>): Arr {
  const product = np.matmul(inputs.a!, inputs.b!.transpose()).mul(attrs.scale);
  return inputs.temperature ? product.div(inputs.temperature) : product;
}

function l2Normalize({ inputs: { x } }: Call<Arr>): Arr {
  const squares = np.sum(np.square(x!.ref), -1, { keepdims: true });
  return x!.div(np.sqrt(squares));
}

/** What one writes by hand in jax-js; the whole is compiled by its jit. */
export const jaxRules: Rules<Arr> = {
  linear,
  attention,
  patchEmbedding,
  embeddingLayerNorm,
  similarity,
  l2Normalize,
  layerNorm: (call) =>
    layerNorm(call.inputs.residual ? call.inputs.x!.add(call.inputs.residual) : call.inputs.x!, call),
  add: ({ inputs: { a, b } }) => a!.add(b!),
  sub: ({ inputs: { a, b } }) => a!.sub(b!),
  mul: ({ inputs: { a, b } }) => a!.mul(b!),
  div: ({ inputs: { a, b } }) => a!.div(b!),
  maximum: ({ inputs: { a, b } }) => np.maximum(a!, b!),
  equal: ({ inputs: { a, b } }) => np.equal(a!, b!).astype(DType.Float32),
  greater: ({ inputs: { a, b } }) => np.greater(a!, b!).astype(DType.Float32),
  affine: ({ inputs, attrs: { scale, shift } }) => inputs.x!.mul(scale).add(shift),
  exp: ({ inputs }) => np.exp(inputs.x!),
  log: ({ inputs }) => np.log(inputs.x!),
  sum: ({ inputs, attrs }) => np.sum(inputs.x!, [...attrs.axes], { keepdims: true }),
  max: ({ inputs, attrs }) => lax.stopGradient(np.max(inputs.x!, [...attrs.axes], { keepdims: true })),
  cast: ({ inputs, output }) => inputs.x!.astype(output.dtype === "f32" ? DType.Float32 : DType.Int32),
  reshape: ({ inputs, output }) => inputs.x!.reshape(shapeOf(output.shape)),
  broadcastTo: ({ inputs, output }) => np.broadcastTo(inputs.x!, shapeOf(output.shape)),
  transpose: ({ inputs, attrs }) => inputs.x!.transpose([...attrs.permutation]),
  slice: ({ inputs, attrs: { begin, size } }) =>
    inputs.x!.slice(...begin.map((from, axis): [number, number] => [from, from + size[axis]!])),
  concat: ({ inputs: { a, b }, attrs }) => np.concatenate([a!, b!], attrs.axis),
  gather: ({ inputs }) => np.take(inputs.table!, inputs.indices!, 0),
  stopGradient: ({ inputs }) => lax.stopGradient(inputs.x!),
  fill: ({ inputs, output, attrs }) => {
    inputs.like!.dispose();
    return np.full(shapeOf(output.shape), attrs.value, { dtype: output.dtype === "f32" ? DType.Float32 : DType.Int32 });
  },
  iota: ({ inputs, output, attrs }) => {
    inputs.like!.dispose();
    const line = np.arange(0, output.shape[attrs.axis]!, 1, {
      dtype: output.dtype === "f32" ? DType.Float32 : DType.Int32,
    });
    const shape = output.shape.map((extent, axis) => (axis === attrs.axis ? extent : 1));
    return np.broadcastTo(line.reshape(shape), shapeOf(output.shape));
  },
};
