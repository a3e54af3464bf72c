import { readFileSync } from "node:fs";
import { byteSource, createWebGpuExecutor, openSafetensors, type WebGpuExecutor } from "@albef/core";
import { type AlbefConfig, parseConfig } from "@albef/encoder";
import { afterAll, beforeAll, expect, test } from "vitest";
import { create, globals } from "webgpu";
import { PRETRAIN_OBJECTIVE } from "./objective-options.ts";
import { pairTask } from "./pair-task.ts";
import type { StepOptions } from "./step-types.ts";
import { generator, pairsOf } from "./testing/pairs.ts";
import type { TrainingWeights } from "./training-state.ts";
import { createTrainingStep, type TrainingStep } from "./training-step.ts";

const gpu = create([]); // kept: a device dies with the object that made it
Object.assign(globalThis, globals, { gpu });

const fixture = (path: string) => readFileSync(new URL(`../../../fixtures/${path}`, import.meta.url));
const config = parseConfig(JSON.parse(fixture("tiny/case.json").toString()).config);
const dropping: AlbefConfig = { ...config, text: { ...config.text, hiddenDropout: 0.1, attentionDropout: 0.1 } };
const settings = { learningRate: 1e-3, alpha: 0.4 };

let executor: WebGpuExecutor;
let weights: TrainingWeights;
beforeAll(async () => {
  executor = await createWebGpuExecutor({ gpu });
  expect(executor.supportsF16, "this driver has 16-bit floats").toBe(true);
  const file = await openSafetensors(byteSource(fixture("tiny/weights.safetensors"), "tiny"));
  weights = async (name) => (file.tensors.has(name) ? Float32Array.from((await file.read(name)).data) : undefined);
});
afterAll(() => executor.dispose());

function open(more: Partial<StepOptions>): Promise<TrainingStep> {
  return createTrainingStep(executor, {
    ...{ config, textPrefix: "text_encoder.bert", weights, trains: () => true, draw: generator(7) },
    task: pairTask({ shape: { batch: 4, length: 8 }, objective: { ...PRETRAIN_OBJECTIVE, queueSize: 16 } }),
    ...more,
  });
}

test.each([
  ["without dropout", config],
  ["with dropout", dropping],
])("16 bits: losses follow those of 32 bits within 2 %%, %s", async (_name, used) => {
  const losses: number[][] = [];
  for (const precision of ["f32", "f16"] as const) {
    using step = await open({ config: used, precision });
    const run: number[] = [];
    for (let i = 0; i < 6; i++) run.push((await step.run(pairsOf(config, i % 2), settings)).loss);
    losses.push(run);
    if (precision === "f16") expect(step.state.counters).toMatchObject({ lossScale: 65536, cleanSteps: 6, step: 6 });
  }
  const [full, half] = losses as [number[], number[]];
  expect(full.at(-1)).toBeLessThan(full[0]!);
  for (const [i, loss] of half.entries()) expect(Math.abs(loss - full[i]!) / full[i]!, `step ${i}`).toBeLessThan(0.02);
});

test("an overflow leaves the step out and halves the scale; nothing learns from it", async () => {
  using step = await open({ precision: "f16", counters: { lossScale: 2 ** 40 } });
  const name = "visual_encoder.blocks.0.attn.qkv.weight";
  const before = await step.state.weights.read(name);
  const result = await step.run(pairsOf(config, 0), settings);
  expect(result).toMatchObject({ skipped: true, gradNorm: Infinity });
  expect(Number.isFinite(result.loss)).toBe(true);
  expect(step.state.counters).toMatchObject({ lossScale: 2 ** 39, step: 0, skippedSteps: 1 });
  expect(await step.state.weights.read(name)).toEqual(before);
  step.state.counters.lossScale = 1024;
  expect((await step.run(pairsOf(config, 0), settings)).skipped).toBeUndefined();
  expect(await step.state.weights.read(name)).not.toEqual(before);
});
