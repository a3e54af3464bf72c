import { afterAll, beforeAll, expect, test } from "vitest";
import { create, globals } from "webgpu";
import type { Tensor } from "../../graph/tensor.ts";
import { type Tracer, trace } from "../../graph/trace.ts";
import { inferenceOps } from "../../ops/inference.ts";
import { linear } from "../../ops/linear.ts";
import { toHalfPrecision } from "../../passes/precision.ts";
import { planStorage } from "../../plan/storage.ts";
import { expectClose } from "../../testing/allclose.ts";
import { testRandom } from "../../testing/random.ts";
import { evaluateF64 } from "../f64/evaluate.ts";
import { createWebGpuExecutor, type WebGpuExecutor } from "./executor.ts";

const gpu = create([]);
let executor: WebGpuExecutor;
beforeAll(async () => {
  Object.assign(globalThis, globals, { gpu }); // kept: Dawn crashes once its GPU object is collected
  executor = await createWebGpuExecutor({ gpu });
});
afterAll(() => executor.dispose());

const [rows, width] = [9, 24];

/** Residual sums one over the other, as in the blocks of a transformer. */
function blocks(tracer: Tracer): Readonly<Record<string, Tensor>> {
  const w = tracer.input("w", { dtype: "f32", shape: [width, width] });
  let x = linear(tracer.input("x", { dtype: "f32", shape: [rows, width] }), w);
  for (let i = 0; i < 4; i++) x = linear(linear(x, w, { activation: "gelu" }), w, { residual: x });
  return { y: linear(x, w) };
}

test.each(["f32", "f16"])("sums that take their residual's place give what they should, in %s", async (float) => {
  const random = testRandom(3);
  const draw = (count: number) => Float32Array.from({ length: count }, () => Math.fround((random() - 0.5) / 2));
  const inputs = { w: draw(width * width), x: draw(rows * width) };
  const traced = trace(blocks);
  const graph = float === "f16" ? toHalfPrecision(traced, inferenceOps) : traced;
  expect(planStorage(graph, inferenceOps).overwritten.size).toBe(4);
  using program = await executor.compile(graph);
  const tolerance = float === "f16" ? { rtol: 1e-2, atol: 5e-3 } : { rtol: 1e-5, atol: 1e-6 };
  const exact = evaluateF64(traced, { inputs }).y!.data;
  for (let run = 0; run < 2; run++) expectClose("y", (await program.run(inputs)).y as Float32Array, exact, tolerance);
});
