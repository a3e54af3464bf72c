import { createTfjsExecutor } from "@albef/core/tfjs";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { afterAll, expect, test } from "vitest";
import { create, globals } from "webgpu";
import type { Executor } from "../executor.ts";
import { trace } from "../graph/trace.ts";
import { linear } from "../ops/linear.ts";
import { softmax } from "../ops/softmax.ts";
import { createWebGpuExecutor } from "./webgpu/executor.ts";

Object.assign(globalThis, globals);
const gpu = create([]);
const webgpu = await createWebGpuExecutor({ gpu });
await tf.setBackend("cpu");
const tfjs = await createTfjsExecutor(tf);
afterAll(() => webgpu.dispose());

const graph = trace((tracer) => {
  const x = tracer.input("x", { dtype: "f32", shape: [64, 32] });
  const weight = tracer.parameter("weight", { dtype: "f32", shape: [16, 32] });
  return { y: softmax(linear(x, weight)) };
});

async function profiled(executor: Executor) {
  const store = await executor.upload([
    { name: "weight", dtype: "f32", shape: [16, 32], data: new Float32Array(512).fill(0.1) },
  ]);
  const program = await executor.compile(graph, store);
  const inputs = { x: new Float32Array(2048).fill(1) };
  const before = executor.memory();
  const kernels = await program.profile(inputs);
  const { y } = await program.run(inputs);
  return { kernels, y, before, after: executor.memory() };
}

test("each kernel on WebGPU has its time, work and bytes", async () => {
  const { kernels, y, before, after } = await profiled(webgpu);
  expect(kernels.map(({ op }) => op)).toEqual(["linear", "softmax"]);
  expect(kernels[0]).toMatchObject({
    flops: 2 * 64 * 32 * 16,
    bytes: 4 * (64 * 32 + 16 * 32 + 64 * 16),
    shapes: "x f32[64,32], weight f32[16,32] -> f32[64,16]",
    clock: webgpu.device.features.has("timestamp-query") ? "device" : "host",
  });
  for (const { ns } of kernels) expect(ns).toBeGreaterThanOrEqual(0); // shorter than a tick of the device's clock
  expect(kernels[1]!.startNs).toBeGreaterThanOrEqual(kernels[0]!.startNs + kernels[0]!.ns);
  expect(y![0]).toBeCloseTo(1 / 16);
  expect(after.buffers - before.buffers).toBeLessThanOrEqual(1); // the staging of the first read
});

test("without timestamps the clock around each kernel tells", async () => {
  const adapter = (await gpu.requestAdapter())!;
  const device = await adapter.requestDevice();
  const plain = await createWebGpuExecutor({ device });
  const { kernels } = await profiled(plain);
  expect(kernels.map(({ op, clock }) => [op, clock])).toEqual([
    ["linear", "host"],
    ["softmax", "host"],
  ]);
  for (const { ns } of kernels) expect(ns).toBeGreaterThan(0);
  device.destroy();
});

test("tfjs: the rules one by one, the sum of their work that of the fused ops and what lies between", async () => {
  const { kernels, y } = await profiled(tfjs);
  expect(kernels.length).toBeGreaterThan(1);
  expect(kernels.every(({ clock, ns }) => clock === "host" && ns >= 0)).toBe(true);
  expect(kernels.reduce((sum, { flops }) => sum + flops, 0)).toBeGreaterThanOrEqual(2 * 64 * 32 * 16);
  expect(y![0]).toBeCloseTo(1 / 16);
});
