import { createWebGpuExecutor, type Executor, type WebGpuExecutor } from "@albef/core";
import type { AlbefConfig } from "@albef/encoder";
import { afterAll, beforeAll, expect, test } from "vitest";
import { create, globals } from "webgpu";
import { PRETRAIN_OBJECTIVE } from "./objective-options.ts";
import { pairTask } from "./pair-task.ts";
import type { StepOptions } from "./step-types.ts";
import { generator, pairsOf } from "./testing/pairs.ts";
import { openWasm, tinyConfig, tinyWeights } from "./testing/tiny.ts";
import type { TrainingWeights } from "./training-state.ts";
import { createTrainingStep, type TrainingStep } from "./training-step.ts";

const gpu = create([]); // kept: a device dies with the object that made it
Object.assign(globalThis, globals, { gpu });

const config: AlbefConfig = { ...tinyConfig, text: { ...tinyConfig.text, hiddenDropout: 0.1, attentionDropout: 0.1 } };
/** The loss that all three encoders and dropout take part in. */
const WORDS = { ...PRETRAIN_OBJECTIVE, itc: false, itm: false, distillMlm: false, queueSize: 0 };
const settings = { learningRate: 1e-3, alpha: 0.4 };

let executor: WebGpuExecutor;
let reference: Executor;
let weights: TrainingWeights;
beforeAll(async () => {
  reference = await openWasm();
  executor = await createWebGpuExecutor({ gpu });
  expect(executor.supportsF16, "this driver has 16-bit floats").toBe(true);
  weights = await tinyWeights();
});
afterAll(() => {
  executor.dispose();
  reference.dispose();
});

function open(on: Executor, more: Partial<StepOptions>): Promise<TrainingStep> {
  return createTrainingStep(on, {
    ...{ config, textPrefix: "text_encoder.bert", weights, trains: () => true, draw: generator(7) },
    task: pairTask({ shape: { batch: 4, length: 8 }, objective: WORDS }),
    ...more,
  });
}

test("16 bits: losses follow those of 32 bits within 2 %; an overflow leaves a step out and halves the scale", async () => {
  const losses: number[][] = [];
  using half = await open(executor, { precision: "f16" });
  {
    using full = await open(reference, {});
    for (const step of [full, half]) {
      const run: number[] = [];
      for (let i = 0; i < 4; i++) run.push((await step.run(pairsOf(config, i % 2), settings)).loss);
      losses.push(run);
    }
  }
  const [full, own] = losses as [number[], number[]];
  expect(full.at(-1)).toBeLessThan(full[0]!);
  for (const [i, loss] of own.entries()) expect(Math.abs(loss - full[i]!) / full[i]!, `step ${i}`).toBeLessThan(0.02);

  const { counters, weights: store } = half.state;
  expect(counters).toMatchObject({ lossScale: 65536, cleanSteps: 4, step: 4 });
  const name = "visual_encoder.blocks.0.attn.qkv.weight";
  const before = await store.read(name);
  counters.lossScale = 2 ** 40;
  const result = await half.run(pairsOf(config, 0), settings);
  expect(result).toMatchObject({ skipped: true, gradNorm: Infinity, loss: expect.closeTo(own.at(-1)!, -1) });
  expect(counters).toMatchObject({ lossScale: 2 ** 39, cleanSteps: 0, step: 4, skippedSteps: 1 });
  expect(await store.read(name)).toEqual(before);
  counters.lossScale = 1024;
  expect((await half.run(pairsOf(config, 0), settings)).skipped).toBeUndefined();
  expect(await store.read(name)).not.toEqual(before);
});
