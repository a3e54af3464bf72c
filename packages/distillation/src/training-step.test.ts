import { byteSource, type Executor, openSafetensors, safetensorsBlob } from "@albef/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ObjectiveOptions, PRETRAIN_OBJECTIVE, RETRIEVAL_OBJECTIVE } from "./objective-options.ts";
import { DEFAULT_ADAMW } from "./optimizer.ts";
import { type PairTaskOptions, pairTask } from "./pair-task.ts";
import { openState, savedTensors } from "./saved-state.ts";
import type { StepOptions } from "./step-types.ts";
import { generator, pairsOf } from "./testing/pairs.ts";
import { openWasm, tinyConfig, tinyWeights } from "./testing/tiny.ts";
import type { TrainingWeights } from "./training-state.ts";
import { createTrainingStep, type TrainingStep } from "./training-step.ts";

const config = tinyConfig;
const shape = { batch: 4, length: 8 };
const settings = { learningRate: 1e-3, alpha: 0.4 };

const pairs = (first: number) => pairsOf(config, first);

let executor: Executor;
let weights: TrainingWeights;
beforeAll(async () => {
  executor = await openWasm();
  weights = await tinyWeights();
});
afterAll(() => executor.dispose());

type OpenOptions = Partial<StepOptions & Pick<PairTaskOptions, "shape">>;

async function open(objective: Partial<ObjectiveOptions> = {}, more: OpenOptions = {}): Promise<TrainingStep> {
  return await createTrainingStep(executor, {
    ...{ config, textPrefix: "text_encoder.bert", weights, trains: () => true, draw: generator(7) },
    task: pairTask({ shape: more.shape ?? shape, objective: { ...PRETRAIN_OBJECTIVE, queueSize: 16, ...objective } }),
    ...more,
  });
}

test("pre-training learns its pairs: every loss falls", async () => {
  using step = await open();
  const batches = [pairs(0), pairs(1)];
  const first = await step.run(batches[0]!, settings);
  let last = first;
  for (let i = 1; i < 25; i++) last = await step.run(batches[i % 2]!, settings);
  expect(last.losses.mlm).toBeLessThan(0.5 * first.losses.mlm!);
  expect(last.losses.itm).toBeLessThan(0.9 * first.losses.itm!);
  expect(last.loss).toBeLessThan(0.6 * first.loss);
});

describe("the paper's ablations are settings", () => {
  const plain = { distillItc: false, distillMlm: false };
  test.each<[string, Partial<ObjectiveOptions>, string[], boolean]>([
    ["MLM + ITM", { itc: false, hardNegatives: false, ...plain, queueSize: 0 }, ["itm", "mlm"], false],
    ["+ ITC", { hardNegatives: false, ...plain, queueSize: 0 }, ["itc", "itm", "mlm"], true],
    ["+ hard negatives", plain, ["itc", "itm", "mlm"], true],
    ["+ MoD on ITC", { distillMlm: false }, ["itc", "itm", "mlm"], true],
    ["+ MoD on ITC and MLM", {}, ["itc", "itm", "mlm"], true],
    ["retrieval", { ...RETRIEVAL_OBJECTIVE, queueSize: 16 }, ["itc", "itm"], true],
    ["MLM alone", { itc: false, itm: false, distillMlm: false, queueSize: 0 }, ["mlm"], false],
  ])("%s", async (_name, objective, losses, hasTeacher) => {
    using step = await open(objective);
    const result = await step.run(pairs(0), settings);
    expect(Object.keys(result.losses)).toEqual(losses);
    expect(Object.values(result.losses).reduce((sum, loss) => sum + loss, 0)).toBeCloseTo(result.loss, 4);
    expect(step.state.teacher !== undefined).toBe(hasTeacher);
  });
});

test("hard negatives: another pair always, none of the same image, the same for the same seed", async () => {
  using step = await open({ ...RETRIEVAL_OBJECTIVE, queueSize: 16 }, { watch: ["negative_images", "negative_texts"] });
  const twins = { ...pairs(0), ids: Int32Array.of(5, 5, 6, 7) };
  const still = { ...settings, learningRate: 0 };
  const drawn: string[] = [];
  for (const seed of [1, 1, 2, 3, 4, 5]) {
    const { seen } = await step.run({ ...twins, seed: Uint32Array.of(seed) }, still);
    for (const name of ["negative_images", "negative_texts"]) {
      for (const [i, index] of Array.from(seen[name]!).entries()) expect(twins.ids[index]).not.toBe(twins.ids[i]);
    }
    drawn.push(String(seen.negative_images));
  }
  expect(drawn[1]).toBe(drawn[0]);
  expect(new Set(drawn).size).toBeGreaterThan(1);
});

test("queues wrap around for any batch; the ids go along", async () => {
  using step = await open({ ...RETRIEVAL_OBJECTIVE, queueSize: 6 });
  for (const first of [0, 1, 2]) await step.run(pairs(first), settings);
  expect(step.state.counters.queuePointer).toBe(0);
  expect([...step.state.counters.queueIds]).toEqual([6, 7, 8, 9, 10, 11]);
});

test("saved and opened again, training goes on as if it had not stopped, bit for bit", async () => {
  const batches = [pairs(0), pairs(1), pairs(2)];
  using whole = await open({ ...RETRIEVAL_OBJECTIVE, queueSize: 6 });
  for (const batch of batches) await whole.run(batch, settings);
  let saved: Blob;
  {
    using part = await open({ ...RETRIEVAL_OBJECTIVE, queueSize: 6 });
    for (const batch of batches.slice(0, 2)) await part.run(batch, settings);
    saved = await safetensorsBlob(await savedTensors(part.state));
  }
  const state = await openState(await openSafetensors(byteSource(saved, "saved")));
  using resumed = await open({ ...RETRIEVAL_OBJECTIVE, queueSize: 6 }, state);
  await resumed.run(batches[2]!, settings);
  const all = async (step: TrainingStep) =>
    Promise.all((await savedTensors(step.state)).map(async ({ name, bytes }) => [name, await bytes()] as const));
  expect(await all(resumed)).toEqual(await all(whole));
});

test("gradients are clipped to the norm that is asked for", async () => {
  using free = await open({ mlm: false, distillMlm: false });
  using held = await open({ mlm: false, distillMlm: false }, { optimizer: { ...DEFAULT_ADAMW, maxGradNorm: 1e-3 } });
  await free.run(pairs(0), settings);
  const { gradNorm } = await held.run(pairs(0), settings);
  expect(gradNorm).toBeGreaterThan(1e-3);
  const name = "exp_avg.vision_proj.weight";
  const norm = async ({ state }: TrainingStep) => Math.hypot(...(await state.moment1.read(name)));
  expect((await norm(held)) / (await norm(free))).toBeCloseTo(1e-3 / gradNorm!, 5);
});

describe("what cannot be trained on is told before anything changes", () => {
  test.each<[string, Partial<ObjectiveOptions>, OpenOptions, string]>([
    ["a batch of one", {}, { shape: { batch: 1, length: 8 } }, "2 pairs or more"],
    ["a queue below the batch", { queueSize: 2 }, {}, "queue of 2"],
    ["as official: no multiple", { queueSize: 6, faithful: true }, {}, "multiple of the batch"],
    ["weights that are missing", {}, { weights: () => undefined }, "hold no "],
    ["weights of another size", {}, { weights: () => new Float32Array(3) }, "must hold"],
  ])("%s", async (_name, objective, more, problem) => {
    const before = executor.memory();
    await expect(open(objective, more)).rejects.toThrow(problem);
    expect(executor.memory()).toEqual(before);
  });

  test("a batch without what its losses read; a loss that is not finite", async () => {
    using step = await open();
    const { wordLabels: _, ...rest } = pairs(0);
    await expect(step.run(rest, settings)).rejects.toThrow("has no wordLabels");
    const broken = { ...pairs(0), image: new Float32Array(pairs(0).image.length).fill(Number.NaN) };
    const before = await step.state.weights.read("vision_proj.weight");
    await expect(step.run(broken, settings)).rejects.toThrow("loss is NaN after 0 steps");
    expect(await step.state.weights.read("vision_proj.weight")).toEqual(before);
  });
});

test("a step holds no more after it is disposed of", async () => {
  const before = executor.memory();
  for (let i = 0; i < 2; i++) {
    using step = await open();
    await step.run(pairs(i), settings);
  }
  expect(executor.memory()).toEqual(before);
});

describe("faithful, or careful (docs/faithful.md)", () => {
  test("no word hidden: NaN as official and training goes on, else no loss", async () => {
    const nothing = { ...pairs(0), wordLabels: new Int32Array(4 * 8).fill(-100) };
    const objective = { itc: false, itm: false, distillMlm: false, queueSize: 0 };
    using careful = await open(objective);
    expect((await careful.run(nothing, settings)).loss).toBe(0);
    using faithful = await open({ ...objective, faithful: true });
    expect((await faithful.run(nothing, settings)).loss).toBeNaN();
    expect(faithful.state.counters.step).toBe(1);
  });
});
