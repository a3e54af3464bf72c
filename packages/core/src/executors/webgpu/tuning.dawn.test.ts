import { afterAll, expect, test, vi } from "vitest";
import { create, globals } from "webgpu";
import { trace } from "../../graph/trace.ts";
import { linear } from "../../ops/linear.ts";
import { gaussian, testRandom } from "../../testing/random.ts";
import { createWebGpuExecutor } from "./executor.ts";
import type { TuningOptions, TuningStore } from "./tuning.ts";

Object.assign(globalThis, globals);
const gpu = create([]); // held: Dawn crashes once its GPU object is collected
afterAll(() => expect(gpu).toBeDefined());

const [rows, width, features] = [65, 132, 132]; // more than one candidate on every adapter
const graph = trace((tracer) => {
  const x = tracer.input("x", { dtype: "f32", shape: [rows, width] });
  const w = tracer.input("w", { dtype: "f32", shape: [features, width] });
  return { y: linear(x, w) };
});
const random = testRandom(1);
const draw = (count: number) => Float32Array.from({ length: count }, () => gaussian()(random));
const inputs = { x: draw(rows * width), w: draw(features * width) };
const enough = { budgetMs: 60_000, classMs: 60_000 };

interface MemoryStore extends TuningStore {
  readonly kept: Map<string, string>;
  writes: number;
}

function memoryStore(entries: readonly (readonly [string, string])[] = []): MemoryStore {
  const kept = new Map(entries);
  const store: MemoryStore = {
    kept,
    writes: 0,
    read: (key) => kept.get(key),
    write(key, value) {
      store.writes++;
      kept.set(key, value);
    },
  };
  return store;
}

/** Compiles and runs with what the store holds; tells how often work was handed to the device before the run. */
async function run(tuning: TuningOptions) {
  using executor = await createWebGpuExecutor({ gpu, tuning });
  const submit = vi.spyOn(executor.device.queue, "submit");
  const before = executor.memory();
  using program = await executor.compile(graph);
  const measured = submit.mock.calls.length;
  const { y } = await program.run(inputs);
  program.dispose();
  expect(executor.memory()).toEqual(before);
  return { y, measured };
}

test("a choice is measured once, kept, and found again: later sessions compute bit for bit the same", async () => {
  const store = memoryStore();
  const first = await run({ store, ...enough });
  expect(first.measured).toBeGreaterThan(3);
  expect(store.writes).toBe(1);
  const [[key, text]] = [...store.kept] as [[string, string]];
  expect(key).toMatch(/^albef kernels \d+ ./);
  const [work] = Object.keys(JSON.parse(text));
  expect(work).toBe("product 4 4 0 6 7 7");
  const second = await run({ store, ...enough });
  expect(second.measured).toBe(0);
  expect(store.writes).toBe(1);
  expect(second.y).toEqual(first.y);
});

test("what a store holds is used only where it names a candidate", async () => {
  const known = memoryStore();
  await run({ store: known, ...enough });
  const [[key, text]] = [...known.kept] as [[string, string]];
  for (const broken of [
    "{",
    "null",
    "[1]",
    text.replace(/:"[^"]*"/, ':"a tile of tomorrow"'),
    text.replace(/:"[^"]*"/, ":7"),
  ]) {
    const store = memoryStore([[key, broken]]);
    expect((await run({ store, ...enough })).measured).toBeGreaterThan(0);
    expect(JSON.parse(store.kept.get(key)!)).toHaveProperty("product 4 4 0 6 7 7");
  }
});

test("without time nothing is measured, and the default stays for good", async () => {
  const store = memoryStore();
  expect((await run({ store, budgetMs: 0 })).measured).toBe(0);
  expect(store.writes).toBe(1);
  expect((await run({ store, ...enough })).measured).toBe(0);
});
