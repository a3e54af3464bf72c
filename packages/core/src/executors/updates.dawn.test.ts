import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { create, globals } from "webgpu";
import { GraphError } from "../errors.ts";
import type { Executor } from "../executor.ts";
import { primitives as p } from "../graph/primitives.ts";
import { trace } from "../graph/trace.ts";
import { axpby } from "../ops/axpby.ts";
import { createTfjsExecutor } from "./tfjs/executor.ts";
import { createWebGpuExecutor } from "./webgpu/executor.ts";

const openers: Record<string, () => Promise<Executor>> = {
  async webgpu() {
    Object.assign(globalThis, globals);
    const gpu = create([]);
    return Object.assign(await createWebGpuExecutor({ gpu }), { gpu }); // Dawn crashes once its GPU object is collected
  },
  async tfjs() {
    const tf = await import("@tensorflow/tfjs-core");
    await import("@tensorflow/tfjs-backend-cpu");
    await tf.setBackend("cpu");
    return createTfjsExecutor(tf);
  },
};

const tensor = (name: string, shape: number[], data: number[]) =>
  ({ name, dtype: "f32", shape, data: Float32Array.from(data) }) as const;
const f32 = (...shape: number[]) => ({ dtype: "f32", shape }) as const;
const numbers = async (values: Promise<ArrayLike<number>>) => Array.from(await values);

describe.each(Object.entries(openers))("parameters that change, on %s", (_name, open) => {
  let executor: Executor;
  beforeAll(async () => {
    executor = await open();
  });
  afterAll(() => executor.dispose());

  test("an arena updated in place changes its tensors; nothing leaks", async () => {
    using weights = await executor.upload([tensor("a", [2], [1, 2]), tensor("b", [1, 3], [3, 4, 5])], {
      flat: "weights",
    });
    using source = await executor.upload([tensor("s.a", [2], [10, 20]), tensor("s.b", [1, 3], [30, 40, 50])], {
      flat: "s",
    });
    expect(weights.arenas).toEqual([
      {
        name: "weights.0",
        elements: 128,
        slots: [
          { name: "a", shape: [2], offset: 0 },
          { name: "b", shape: [1, 3], offset: 64 },
        ],
      },
    ]);
    const graph = trace((tracer) => {
      const factors = tracer.input("factors", f32(2));
      return { y: axpby(tracer.parameter("weights.0", f32(128)), tracer.parameter("s.0", f32(128)), factors) };
    });
    using program = await executor.compile(graph, [weights, source]);
    const sum = trace((tracer) => ({ sum: p.add(tracer.parameter("a", f32(2)), 1) }));
    using reader = await executor.compile(sum, weights);
    const step = () => program.run({ factors: Float32Array.of(0.5, 0.25) }, { read: [] });
    await step();
    expect(await numbers(weights.read("a"))).toEqual([3, 6]);
    expect(await numbers(weights.read("b"))).toEqual([9, 12, 15]);
    expect(Array.from((await reader.run({})).sum!)).toEqual([4, 7]);
    await step();
    await reader.run({});
    const before = executor.memory();
    for (let i = 0; i < 20; i++) {
      await step();
      await reader.run({});
    }
    expect(executor.memory()).toEqual(before);
    weights.write("b", Float32Array.of(7, 8, 9));
    expect((await numbers(weights.read("weights.0"))).slice(64, 68)).toEqual([7, 8, 9, 0]);
  });

  test("outputs are written over parameters: computed, read by others, and an input as it came", async () => {
    using store = await executor.upload(
      [tensor("g", [2], [0, 0]), tensor("h", [2], [0, 0]), tensor("k", [2], [0, 0])],
      { flat: "grad" },
    );
    const graph = trace((tracer) => {
      const x = tracer.input("x", f32(2));
      const doubled = p.mul(x, 2);
      return { g: doubled, h: p.add(doubled, 1), k: x, seen: p.sum(doubled) };
    });
    using program = await executor.compile(graph, store, { into: { g: "g", h: "h", k: "k" } });
    expect(Object.keys(await program.run({ x: Float32Array.of(1, 2) }))).toEqual(["seen"]);
    expect(await numbers(store.read("g"))).toEqual([2, 4]);
    expect(await numbers(store.read("h"))).toEqual([3, 5]);
    expect(await numbers(store.read("k"))).toEqual([1, 2]);
    expect((await numbers(store.read("grad.0"))).slice(64, 66)).toEqual([3, 5]);
  });

  test("wrong names and shapes are said before anything runs", async () => {
    using store = await executor.upload([tensor("g", [2], [0, 0])]);
    const graph = trace((tracer) => ({ y: p.mul(tracer.input("x", f32(3)), 2) }));
    await expect(executor.compile(graph, store, { into: { y: "g" } })).rejects.toThrow("output y is f32[3]");
    await expect(executor.compile(graph, store, { into: { y: "no" } })).rejects.toThrow("no parameter no");
    await expect(executor.compile(graph, store, { into: { z: "g" } })).rejects.toThrow("no output z");
    const reads = trace((tracer) => ({ y: p.mul(tracer.parameter("w", f32(3)), 2) }));
    await expect(executor.compile(reads, store)).rejects.toThrow("w is missing, expected f32[3]");
  });
});

const doubled = trace((tracer) => {
  const x = tracer.input("x", { dtype: "f32", shape: [3, 2] });
  return { twice: p.add(x, x), square: p.mul(x, x) };
});

describe.each(Object.entries(openers))("rows that stay on the device, on %s", (_name, open) => {
  let executor: Executor;
  beforeAll(async () => {
    executor = await open();
  });
  afterAll(() => executor.dispose());

  test("rows of a run are tensors of their own, which another run takes in any order", async () => {
    using program = await executor.compile(doubled);
    const before = executor.memory();
    const rows = await program.rows({ x: Float32Array.of(1, 2, 3, 4, 5, 6) });
    expect(rows.map(({ twice }) => twice!.shape)).toEqual([
      [1, 2],
      [1, 2],
      [1, 2],
    ]);
    await program.run({ x: new Float32Array(6) }); // what was made before stays
    expect(await rows[1]!.square!.read()).toEqual(Float32Array.of(9, 16));
    const x = [rows[2]!.twice!, rows[0]!.twice!, rows[0]!.square!];
    const { twice } = await program.run({ x });
    expect(twice).toEqual(Float32Array.of(20, 24, 4, 8, 2, 8));
    for (const row of rows) for (const tensor of Object.values(row)) tensor.dispose();
    await program.run({ x: new Float32Array(6) });
    expect(executor.memory().bytes - before.bytes).toBeLessThanOrEqual(48); // the results of the last run, at most
  });

  test("parts that do not make up the input are named", async () => {
    using program = await executor.compile(doubled);
    const rows = await program.rows({ x: new Float32Array(6) });
    await expect(program.run({ x: [rows[0]!.twice!, rows[1]!.twice!] })).rejects.toThrow(GraphError);
    await expect(program.run({ x: [rows[0]!.twice!, rows[1]!.twice!] })).rejects.toThrow(
      "input x must be f32[3,2], got f32[1,2] + f32[1,2]",
    );
    for (const row of rows) for (const tensor of Object.values(row)) tensor.dispose();
  });
});

test("a parameter that is reserved has its values once they are written", async () => {
  using executor = await openers.tfjs!();
  using store = await executor.reserve([{ name: "w", dtype: "f32", shape: [2] }]);
  const graph = trace((tracer) => ({ y: p.mul(tracer.parameter("w", { dtype: "f32", shape: [2] }), 2) }));
  using program = await executor.compile(graph, store);
  await expect(program.run({})).rejects.toThrow("parameter w: has no values yet");
  store.write("w", Float32Array.of(3, 4));
  expect((await program.run({})).y).toEqual(Float32Array.of(6, 8));
});
