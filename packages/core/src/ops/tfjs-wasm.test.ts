import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-wasm";
import { beforeAll, expect, test } from "vitest";
import { evaluateF64 } from "../executors/f64/evaluate.ts";
import { createTfjsExecutor } from "../executors/tfjs/executor.ts";
import { apply } from "../graph/apply.ts";
import { primitives as p } from "../graph/primitives.ts";
import type { Tensor } from "../graph/tensor.ts";
import { trace } from "../graph/trace.ts";
import { elementCount } from "../spec.ts";
import { expectClose } from "../testing/allclose.ts";
import { gaussian, testRandom } from "../testing/random.ts";
import { attentionAttrs, attentionOp } from "./attention.ts";
import { gelu } from "./gelu.ts";
import { linear } from "./linear.ts";
import { patchEmbedding } from "./patch-embedding.ts";
import { quantizedLinear } from "./quantized-linear.ts";
import { softmax } from "./softmax.ts";

beforeAll(async () => {
  expect(await tf.setBackend("wasm")).toBe(true);
});

interface Case {
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** Factor of the normal values; names that end in `mask` get zeros and ones. */
  readonly spread?: number;
  /** Default: 2e-6 times the spread. */
  readonly atol?: number;
  build(x: Readonly<Record<string, Tensor>>): Readonly<Record<string, Tensor>>;
}

const attend = (query: Tensor, key: Tensor, mask: Tensor | undefined, rest: Record<string, unknown>) => {
  const attrs = attentionAttrs({ heads: 2, headDim: 8, scale: 0.35, ...rest });
  const value = rest.valueOffset === undefined ? p.mul(key, 0.5) : key;
  const [context, logSumExp] = apply(attentionOp, { query, key, value, ...(mask && { mask }) }, attrs);
  return { context: context!, logSumExp: logSumExp! };
};
const packed = { keyOffset: 16, valueOffset: 32 };

const CASES: Readonly<Record<string, Case>> = {
  "matmul: weights stored transposed": {
    shapes: { a: [5, 7], b: [3, 7] },
    build: ({ a, b }) => ({ y: p.matmul(a!, b!, { transposeB: true }) }),
  },
  "matmul: a gradient of weights": {
    shapes: { a: [9, 4], b: [9, 6] },
    build: ({ a, b }) => ({ y: p.matmul(a!, b!, { transposeA: true }) }),
  },
  "matmul: both transposed, small batch": {
    shapes: { a: [2, 3, 4, 5], b: [2, 3, 6, 4] },
    build: ({ a, b }) => ({ y: p.matmul(a!, b!, { transposeA: true, transposeB: true }) }),
  },
  "matmul: a batch that is cut": {
    shapes: { a: [2, 3, 130, 96], b: [1, 3, 90, 96] },
    atol: 1e-4,
    build: ({ a, b }) => ({ y: p.matmul(a!, b!, { transposeB: true }) }),
  },
  "linear: all at once": {
    shapes: { x: [2, 3, 5], weight: [7, 5], bias: [7], residual: [2, 3, 7] },
    build: ({ x, weight, bias, residual }) => ({
      y: linear(x!, weight!, { bias: bias!, residual: residual!, activation: "gelu" }),
    }),
  },
  "linear: neither bias nor residual": {
    shapes: { x: [3, 5], weight: [7, 5] },
    build: ({ x, weight }) => ({ none: linear(x!, weight!), tanh: linear(x!, weight!, { activation: "tanh" }) }),
  },
  "gelu: from nothing to all": { shapes: { x: [4000] }, spread: 4, build: ({ x }) => ({ y: gelu(x!) }) },
  "softmax: large scores": { shapes: { x: [6, 33] }, spread: 30, build: ({ x }) => ({ y: softmax(x!) }) },
  "attention: padding": {
    shapes: { query: [3, 5, 16], key: [3, 7, 16], mask: [3, 7] },
    build: ({ query, key, mask }) => attend(query!, key!, mask, {}),
  },
  "attention: packed rows, causal and padded": {
    shapes: { rows: [3, 6, 48], mask: [3, 6] },
    build: ({ rows, mask }) => attend(rows!, rows!, mask, { ...packed, causal: true, maskValue: -1e9 }),
  },
  "attention: offsets inside a head": {
    shapes: { rows: [2, 5, 50], mask: [2, 5] },
    build: ({ rows, mask }) => attend(rows!, rows!, mask, { queryOffset: 1, keyOffset: 17, valueOffset: 33 }),
  },
  "attention: so long that it goes head by head": {
    shapes: { rows: [2, 370, 48], mask: [2, 370] },
    build: ({ rows, mask }) => attend(rows!, rows!, mask, packed),
  },
  "attention: head by head, no mask": {
    shapes: { rows: [2, 370, 48] },
    build: ({ rows }) => attend(rows!, rows!, undefined, packed),
  },
  "patch embedding": {
    shapes: { image: [2, 3, 8, 12], weight: [5, 3, 4, 4], bias: [5], clsToken: [1, 1, 5], position: [1, 7, 5] },
    build: ({ image, weight, bias, clsToken, position }) => ({
      y: patchEmbedding(image!, weight!, bias!, clsToken!, position!, { patchSize: 4 }),
    }),
  },
};

for (const [title, { shapes, spread = 1, atol = 2e-6 * spread, build }] of Object.entries(CASES)) {
  test(`tfjs wasm against f64: ${title}`, async () => {
    const graph = trace((tracer) =>
      build(
        Object.fromEntries(
          Object.keys(shapes).map((name) => [name, tracer.input(name, { dtype: "f32", shape: shapes[name]! })]),
        ),
      ),
    );
    const random = testRandom(7);
    const value = (name: string) => (name === "mask" ? Number(random() < 0.7) : spread * gaussian()(random));
    const inputs = Object.fromEntries(
      Object.entries(shapes).map(([name, shape]) => [
        name,
        Float32Array.from({ length: elementCount(shape) }, () => value(name)),
      ]),
    );
    using executor = await createTfjsExecutor(tf);
    using program = await executor.compile(graph);
    const results = await program.run(inputs);
    const expected = evaluateF64(graph, { inputs });
    for (const [name, { data }] of Object.entries(expected)) {
      expectClose(`${title}: ${name}`, results[name]!, data, { atol, rtol: 1e-5 });
    }
    expect(executor.memory().buffers).toBe(0);
  });
}

test("what is derived from a weight is made once, and anew when the weight changes", async () => {
  const graph = trace((tracer) => ({
    y: linear(
      tracer.input("x", { dtype: "f32", shape: [2, 3] }),
      tracer.parameter("w", { dtype: "f32", shape: [4, 3] }),
    ),
  }));
  using executor = await createTfjsExecutor(tf);
  const store = await executor.upload([{ name: "w", dtype: "f32", shape: [4, 3], data: new Float32Array(12).fill(1) }]);
  using program = await executor.compile(graph, store);
  const run = async () => (await program.run({ x: new Float32Array(6).fill(1) })).y![0];
  expect(await run()).toBe(3);
  const before = { tensors: tf.memory().numTensors, ...executor.memory() };
  expect(await run()).toBe(3);
  expect({ tensors: tf.memory().numTensors, ...executor.memory() }).toEqual(before);
  expect(before.bytes).toBe(2 * 48); // the weight and its transpose
  store.write("w", new Float32Array(12).fill(2));
  expect(await run()).toBe(6);
  expect(executor.memory()).toEqual({ buffers: before.buffers, bytes: before.bytes });
  store.dispose();
  expect(executor.memory().buffers).toBe(0);
});

test("a quantised weight is unpacked once, and anew when its integers or its scales change", async () => {
  const graph = trace((tracer) => {
    const x = tracer.input("x", { dtype: "f32", shape: [2, 8] });
    const packed = tracer.parameter("w", { dtype: "u32", shape: [3, 2] });
    const scales = tracer.parameter("w.scales", { dtype: "f32", shape: [3, 2] });
    return { y: quantizedLinear(x, packed, scales, { bits: 8, group: 4, activation: "gelu" }) };
  });
  const values = {
    w: Uint32Array.of(0x01020304, 0xfffefd7f, 5, 6, 7, 8),
    "w.scales": Float32Array.of(0.1, 0.2, 0.3, 0.4, 0.5, 0.6),
  };
  const x = Float32Array.from({ length: 16 }, (_, i) => Math.sin(i));
  using executor = await createTfjsExecutor(tf);
  const store = await executor.upload([
    { name: "w", dtype: "u32", shape: [3, 2], data: values.w },
    { name: "w.scales", dtype: "f32", shape: [3, 2], data: values["w.scales"] },
  ]);
  using program = await executor.compile(graph, store);
  const agrees = async (parameters: Readonly<Record<string, Uint32Array | Float32Array>>) => {
    const { y } = await program.run({ x });
    expectClose("y", y!, evaluateF64(graph, { inputs: { x }, parameters }).y!.data, { atol: 2e-6, rtol: 1e-5 });
  };
  await agrees(values);
  const held = executor.memory();
  await agrees(values);
  expect(executor.memory()).toEqual(held);
  const scales = Float32Array.of(1, 2, 3, 4, 5, 6);
  store.write("w.scales", scales);
  await agrees({ w: values.w, "w.scales": scales });
  const integers = Uint32Array.of(1, 2, 3, 4, 5, 6);
  store.write("w", integers);
  await agrees({ w: integers, "w.scales": scales });
  store.dispose();
  expect(executor.memory().buffers).toBe(0);
});
