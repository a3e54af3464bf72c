import { createWebGpuExecutor } from "@albef/core";
import { expect, test, vi } from "vitest";
import { create, globals } from "webgpu";
import { PRETRAIN_OBJECTIVE } from "./objective-options.ts";
import { pairTask } from "./pair-task.ts";
import { generator, pairsOf } from "./testing/pairs.ts";
import { tinyConfig, tinyWeights } from "./testing/tiny.ts";
import { createTrainingStep } from "./training-step.ts";

const gpu = create(["backend=null"]); // validates and counts all, computes nothing: hundreds of steps in seconds
Object.assign(globalThis, globals, { gpu }); // kept: a device dies with the object that made it

const STEPS = 400;

test(`${STEPS} steps make no buffer, kernel or bind group after the first, and memory stays as it was`, async () => {
  const executor = await createWebGpuExecutor({ gpu });
  const empty = executor.memory();
  const step = await createTrainingStep(executor, {
    ...{ config: tinyConfig, textPrefix: "text_encoder.bert", weights: await tinyWeights(), trains: () => true },
    task: pairTask({ shape: { batch: 4, length: 8 }, objective: { ...PRETRAIN_OBJECTIVE, queueSize: 16 } }),
    draw: generator(7),
  });
  const train = async (i: number) => step.run(pairsOf(tinyConfig, i % 3), { learningRate: 1e-3, alpha: 0.4 });
  await train(0);
  const held = executor.memory();
  expect(held.bytes).toBeGreaterThan(1e6);
  const { device } = executor;
  const made = [
    vi.spyOn(device, "createBuffer"),
    vi.spyOn(device, "createBindGroup"),
    vi.spyOn(device, "createShaderModule"),
    vi.spyOn(device, "createComputePipelineAsync"),
  ];
  for (let i = 1; i < STEPS; i++) {
    await train(i);
    expect(executor.memory()).toEqual(held);
  }
  expect(step.state.counters.step).toBe(STEPS);
  for (const maker of made) expect(maker, maker.getMockName()).not.toHaveBeenCalled();
  step.dispose();
  expect(executor.memory()).toEqual(empty);
  executor.dispose();
});
