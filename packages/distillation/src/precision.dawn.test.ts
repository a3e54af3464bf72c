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

/** All three losses with the teacher's targets; the negatives are given, since those that are drawn depend on rounding. */
const WHOLE = pairTask({
  ...{ shape: { batch: 4, length: 8 }, objective: { ...PRETRAIN_OBJECTIVE, queueSize: 16 } },
  givenNegatives: true,
});
const negatives = { negativeImages: Int32Array.of(1, 2, 3, 0), negativeTexts: Int32Array.of(3, 0, 1, 2) };

/** One step of ITC, ITM and MLM: its losses, and every gradient by name, unscaled. */
async function wholeStep(on: Executor, precision: "f32" | "f16") {
  using step = await open(on, { task: WHOLE, precision });
  const { losses, gradNorm } = await step.run({ ...pairsOf(config, 0), ...negatives }, settings);
  const { lossScale } = step.state.counters;
  const gradients = new Map<string, Float32Array>();
  for (const name of step.state.trainable.keys()) {
    const scaled = (await step.state.gradients.read(`grad.${name}`)) as Float32Array;
    gradients.set(
      name,
      scaled.map((value) => value / lossScale),
    );
  }
  return { losses, gradNorm, gradients };
}

const norm = (values: Float32Array) => Math.hypot(...values);

test("16 bits: every loss and gradient of a whole step of pre-training, against 32 bits: losses within 0.1 %, gradients 1 %", async () => {
  const full = await wholeStep(reference, "f32");
  const half = await wholeStep(executor, "f16");
  for (const [name, loss] of Object.entries(full.losses))
    expect(Math.abs(half.losses[name]! / loss - 1), name).toBeLessThan(1e-3);
  expect(Math.abs(half.gradNorm / full.gradNorm - 1)).toBeLessThan(1e-3);
  const off: [name: string, share: number][] = [];
  for (const [name, gradient] of full.gradients) {
    const difference = half.gradients.get(name)!.map((value, i) => value - gradient[i]!);
    off.push([name, norm(difference) / Math.max(norm(gradient), 1e-3 * full.gradNorm)]);
  }
  expect(off.length).toBeGreaterThan(100);
  expect(off.filter(([, share]) => share > 0.01)).toEqual([]);
});

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
