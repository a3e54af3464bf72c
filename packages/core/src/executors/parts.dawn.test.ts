import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { create, globals } from "webgpu";
import { GraphError } from "../errors.ts";
import type { Executor } from "../executor.ts";
import { primitives as p } from "../graph/primitives.ts";
import { trace } from "../graph/trace.ts";
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
