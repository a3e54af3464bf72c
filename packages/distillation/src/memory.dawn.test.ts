import { createWebGpuExecutor, type WebGpuExecutor } from "@albef/core";
import type { AlbefConfig } from "@albef/encoder";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { create, globals } from "webgpu";
import { estimateMemory, type MemoryOptions } from "./memory.ts";
import { PRETRAIN_OBJECTIVE, RETRIEVAL_OBJECTIVE } from "./objective-options.ts";
import { pairTask } from "./pair-task.ts";
import { tinyConfig, tinyWeights } from "./testing/tiny.ts";
import type { TrainingWeights } from "./training-state.ts";
import { createTrainingStep } from "./training-step.ts";

const gpu = create([]); // kept: a device dies with the object that made it
Object.assign(globalThis, globals, { gpu });

const config = tinyConfig;
const shape = { batch: 4, length: 8 };

let executor: WebGpuExecutor;
let weights: TrainingWeights;
beforeAll(async () => {
  executor = await createWebGpuExecutor({ gpu });
  weights = await tinyWeights();
});
afterAll(() => executor.dispose());

const pretraining = pairTask({ shape, objective: { ...PRETRAIN_OBJECTIVE, queueSize: 16 } });
const retrieval = pairTask({ shape, objective: { ...RETRIEVAL_OBJECTIVE, queueSize: 16 } });
const plain = { config, textPrefix: "text_encoder.bert", task: pretraining, trains: () => true } as const;

describe("the estimate is what the engine then counts, within a tenth", () => {
  test.each<[string, Partial<Omit<MemoryOptions, "frozen">>]>([
    ["pre-training", {}],
    [
      "retrieval, recomputed in 16 bits, gradients added up",
      { task: retrieval, recompute: true, precision: "f16", accumulate: 2 },
    ],
  ])("%s", async (_name, more) => {
    const options = { ...plain, ...more };
    const estimate = await estimateMemory(options);
    const before = executor.memory().bytes;
    using step = await createTrainingStep(executor, { ...options, weights, draw: Math.random });
    const counted = executor.memory().bytes - before;
    expect(Math.abs(estimate.total - counted) / counted).toBeLessThan(0.1);
    const stores = [step.state.weights, step.state.gradients, step.state.sums, step.state.moment1, step.state.moment2];
    const held = [...stores, step.state.teacher, step.state.queue].map((store) => store?.sizeBytes ?? 0);
    const { weights: own, gradients, optimizer, teacher, queue } = estimate;
    expect(own + gradients + optimizer - own / 64 + teacher + queue).toBe(held.reduce((sum, bytes) => sum + bytes));
  });
});

test("recomputation and 16 bits need less for activations", async () => {
  const deep: AlbefConfig = { ...config, vision: { ...config.vision, numLayers: 6 } };
  const activations = async (more: Partial<MemoryOptions>) =>
    (await estimateMemory({ ...plain, config: deep, ...more })).activations;
  const whole = await activations({});
  expect(await activations({ recompute: true })).toBeLessThan(0.8 * whole);
  expect(await activations({ precision: "f16" })).toBeLessThan(0.8 * whole);
});
