import "@tensorflow/tfjs-backend-cpu";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { DeviceError, DTypeError } from "../../errors.ts";
import { primitives as p } from "../../graph/primitives.ts";
import { type Tracer, trace } from "../../graph/trace.ts";
import { softmax } from "../../ops/softmax.ts";
import { createWebGpuExecutor, type WebGpuExecutor } from "../webgpu/executor.ts";
import { type TfjsExchange, tfjsExchange } from "./exchange.ts";

const SHAPE = [5, 16];

let executor: WebGpuExecutor;
let exchange: TfjsExchange;
let maps: ReturnType<typeof vi.spyOn>;
beforeAll(async () => {
  await import("@tensorflow/tfjs-backend-webgpu");
  await tf.setBackend("webgpu");
  await tf.ready();
  executor = await createWebGpuExecutor({ device: (tf.backend() as WebGPUBackend).device });
  exchange = tfjsExchange(executor, tf);
});
beforeEach(() => {
  maps = vi.spyOn(GPUBuffer.prototype, "mapAsync");
});
afterEach(() => maps.mockRestore());
afterAll(() => executor.dispose());

const graphOf = (build: (x: ReturnType<Tracer["input"]>) => ReturnType<typeof softmax>, shape = SHAPE) =>
  trace((tracer) => ({ y: build(tracer.input("x", { dtype: "f32", shape })) }));

test("tfjs, a graph and tfjs again: nothing comes to the CPU in between, and the numbers are right", async () => {
  using program = await executor.compile(graphOf((x) => softmax(p.mul(x, 3))));
  const values = Float32Array.from({ length: 80 }, (_, i) => Math.sin(i));
  const x = tf.tidy(() => tf.add(tf.square(tf.tensor(values, SHAPE)), 0.5)); // on the GPU, perhaps not submitted yet
  using shared = exchange.fromTfjs(x);
  x.dispose(); // the shared tensor holds the values
  await program.run({ x: shared }, { read: [] });
  const y = exchange.toTfjs(program.output("y"));
  const z = tf.tidy(() => tf.mul(tf.sum(tf.square(y), -1), 100));
  expect(maps).not.toHaveBeenCalled();
  const expected = await tf.tidy(() => {
    const again = tf.softmax(tf.mul(tf.add(tf.square(tf.tensor(values, SHAPE)), 0.5), 3));
    return tf.mul(tf.sum(tf.square(again), -1), 100);
  });
  const [actual, wanted] = [await z.data(), await expected.data()];
  for (const [i, value] of wanted.entries()) expect(actual[i]).toBeCloseTo(value, 3);
  expect((await program.run({ x: shared })).y).toHaveLength(80);
  for (const tensor of [y, z, expected]) tensor.dispose();
});

test("an output is the program's own buffer: a flush before the next run keeps what tfjs made of it", async () => {
  using program = await executor.compile(graphOf((x) => p.mul(x, 2)));
  const made: tf.Tensor[] = [];
  for (const value of [1, 2, 3]) {
    await program.run({ x: new Float32Array(80).fill(value) }, { read: [] });
    const y = exchange.toTfjs(program.output("y"));
    made.push(tf.add(y, 1));
    y.dispose();
    exchange.flush();
  }
  const firsts = await Promise.all(made.map(async (tensor) => (await tensor.data())[0]));
  expect(firsts).toEqual([3, 5, 7]);
  for (const tensor of made) tensor.dispose();
});

test("scalars and integers cross too", async () => {
  using program = await executor.compile(graphOf((x) => p.add(x, 1), [1]));
  using shared = exchange.fromTfjs(tf.tensor1d([41]));
  await program.run({ x: shared }, { read: [] });
  const y = exchange.toTfjs(program.output("y"));
  expect([...(await y.data())]).toEqual([42]);
  using ids = executor.tensor({ dtype: "i32", shape: [4] }, Int32Array.of(7, -1, 0, 3));
  const whole = exchange.toTfjs(ids);
  expect([...(await whole.data())]).toEqual([7, -1, 0, 3]);
  using back = exchange.fromTfjs(whole);
  expect([...(await back.read())]).toEqual([7, -1, 0, 3]);
});

test("nothing is left behind, on either side", async () => {
  const before = { ours: executor.memory(), theirs: tf.memory().numTensors };
  for (let i = 0; i < 5; i++) {
    using program = await executor.compile(graphOf((x) => p.mul(x, i)));
    const x = tf.fill(SHAPE, i);
    using shared = exchange.fromTfjs(x);
    await program.run({ x: shared }, { read: [] });
    exchange.toTfjs(program.output("y")).dispose();
    x.dispose();
  }
  expect({ ours: executor.memory(), theirs: tf.memory().numTensors }).toEqual(before);
});

test("what cannot be shared is refused", async () => {
  expect(() => exchange.fromTfjs(tf.tensor1d([true, false], "bool"))).toThrow(DTypeError);
  using words = executor.tensor({ dtype: "u32", shape: [4] }, new Uint32Array(4));
  expect(() => exchange.toTfjs(words)).toThrow(/u32/);
  const other = await createWebGpuExecutor();
  expect(() => tfjsExchange(other, tf)).toThrow(/different devices/);
  other.dispose();
  await tf.setBackend("cpu");
  expect(() => tfjsExchange(executor, tf)).toThrow(DeviceError);
  await tf.setBackend("webgpu");
});
