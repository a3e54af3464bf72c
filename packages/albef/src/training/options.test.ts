import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { byteSource, openSafetensors } from "@albef/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Albef } from "../albef.ts";
import { writeSmallModel } from "../testing/small-model.ts";
import type { AlbefModel } from "../types.ts";
import type { FinetuneRun, FinetuneStep, PretrainOptions, TrainingPair } from "./types.ts";

const weights = fileURLToPath(new URL("../../../../weights/", import.meta.url));
const THINGS = ["pizza-twemoji", "tulip-fluent-3d", "whale-noto-v1", "violin-fluent-3d", "umbrella-fluent-3d"];
const pairs: TrainingPair[] = THINGS.map((name) => ({
  ...{ id: name, caption: `a ${name.split("-")[0]}`, imageId: name },
  image: new Blob([readFileSync(`${weights}gallery/${name}.webp`)]),
}));
const quick = { batchSize: 2, epochs: 1, heldOut: 0, learningRate: 1e-2, alpha: 0.4 } as const;

let folder: string;
let model: AlbefModel;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "albef-options-"));
  await writeSmallModel(folder, { like: `${weights}albef-mini` });
  model = await Albef.fromPretrained(folder, { device: "wasm" });
});
afterAll(() => {
  model.dispose();
  rmSync(folder, { recursive: true });
});

async function steps(run: FinetuneRun<AlbefModel>): Promise<FinetuneStep[]> {
  const done: FinetuneStep[] = [];
  for await (const step of run) done.push(step);
  return done;
}

async function adapterOf(run: FinetuneRun<AlbefModel>) {
  return openSafetensors(byteSource(await run.adapter(), "adapter"));
}

describe("pre-training", () => {
  test("has all three losses; pictures are counted, and of their captions each pass draws one", async () => {
    const twice = [...pairs, ...pairs.map((pair) => ({ ...pair, caption: "a thing" }))];
    using run = await model.pretrain(twice, { ...quick, epochs: 2 });
    expect(run.plan).toMatchObject({ trainPairs: 5, stepsPerEpoch: 2, steps: 4, augment: "pretrain" });
    expect(run.plan.objective).toMatchObject({ imageIds: false, clampTemperature: true, queueSize: 4 });
    const done = await steps(run);
    expect(done.map(({ losses }) => Object.keys(losses))).toEqual(Array(4).fill(["itc", "itm", "mlm"]));
    expect(done.map(({ alpha }) => alpha)).toEqual([0, 0.2, 0.4, 0.4]);
    expect(done.every(({ gradNorm }) => gradNorm > 0)).toBe(true);
    expect((await adapterOf(run)).tensors.has("text_encoder.cls.predictions.transform.dense.weight")).toBe(true);
  });

  test.each<[string, PretrainOptions["objective"], string[], number]>([
    ["MLM + ITM", { itc: false, hardNegatives: false }, ["itm", "mlm"], 0],
    ["without MLM", { mlm: false }, ["itc", "itm"], 4],
    ["the batch alone", { queueSize: 0 }, ["itc", "itm", "mlm"], 0],
  ])("%s", async (_name, objective, losses, queueSize) => {
    using run = await model.pretrain(pairs, { ...quick, objective });
    expect(Object.keys((await steps(run))[0]!.losses)).toEqual(losses);
    expect(run.plan.objective.queueSize).toBe(queueSize);
  });

  test("needs a loss", async () => {
    const objective = { itc: false, itm: false, mlm: false };
    await expect(model.pretrain(pairs, { ...quick, objective })).rejects.toThrow("one of itc, itm and mlm");
  });
});

test("frozen parts are not learnt; parts learn at rates of their own; gradients add up", async () => {
  const options = { freeze: ["vision", "text:1"], rates: { fusion: 0 }, accumulate: 2, maxGradNorm: 1e-3 };
  using run = await model.finetune(pairs, { ...quick, ...options });
  expect(run.plan).toMatchObject({ stepsPerEpoch: 1, steps: 1 });
  expect((await steps(run))[0]!.gradNorm).toBeGreaterThan(1e-3);
  const learnt = await adapterOf(run);
  const names = [...learnt.tensors.keys()];
  expect(names.filter((name) => /visual_encoder|embeddings|layer\.0\./.test(name))).toEqual([]);
  const stored = await openSafetensors(byteSource(readFileSync(join(folder, "model.safetensors")), "model"));
  const same = async (name: string) =>
    expect((await learnt.read(name)).data, name).toEqual((await stored.read(name)).data);
  await same("text_encoder.bert.encoder.layer.1.attention.self.query.weight");
  await expect(same("itm_head.weight")).rejects.toThrow();
});

test("adapters on attention alone; a tuned model is trained on from what it learnt", async () => {
  using first = await model.finetune(pairs, { ...quick, train: "lora", rank: 2, targets: "attention" });
  await steps(first);
  const names = [...(await adapterOf(first)).tensors.keys()].filter((name) => name.includes("lora_A"));
  expect(names.length).toBe(2 * 2 + 2 * 4 + 4);
  using tuned = await first.model();
  using second = await tuned.finetune(pairs, { ...quick, learningRate: 1e-9 });
  await steps(second);
  const [head, again] = await Promise.all(
    [first, second].map(async (run) => (await (await adapterOf(run)).read("itm_head.weight")).data),
  );
  for (const [i, value] of again!.entries()) expect(value).toBeCloseTo(head![i]!, 5);
});

test("the best pass is kept, and training ends after as many worse ones as patience says", async () => {
  const options = { ...quick, epochs: 9, heldOut: 0.4, patience: 2, learningRate: 1e-12 }; // no pass changes the recall
  using run = await model.finetune(pairs, options);
  const done = await steps(run);
  expect(run.plan).toMatchObject({ stepsPerEpoch: 1, steps: 9 });
  expect(done.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
  expect(run.best).toEqual(done[0]!.heldOut);
  using better = await model.finetune(pairs, { ...options, learningRate: 0.01 });
  const means: number[] = [];
  for (const { heldOut } of await steps(better)) means.push(heldOut!.mean);
  expect(better.best!.mean).toBe(Math.max(...means));
});

test("pictures are opened when they are needed and not kept: one that is gone by then is named", async () => {
  const files = THINGS.map((name) => pathToFileURL(join(folder, `${name}.webp`)));
  for (const [i, file] of files.entries()) copyFileSync(`${weights}gallery/${THINGS[i]}.webp`, file);
  using run = await model.finetune(
    files.map((image, i) => ({ ...pairs[i]!, image })),
    { ...quick, batchSize: 5 },
  );
  rmSync(files[2]!);
  await expect(steps(run)).rejects.toThrow(`${THINGS[2]}.webp`);
});

test("the teacher of adapters is as small as they are", async () => {
  using run = await model.finetune(pairs, { ...quick, train: "lora", rank: 2 });
  expect(run.memory.teacher).toBe(run.memory.weights);
  using whole = await model.finetune(pairs, { ...quick, train: "all" });
  expect(run.memory.teacher).toBeLessThan(0.5 * whole.memory.teacher);
});

describe("memory", () => {
  test("is told by part before the first step", async () => {
    using run = await model.pretrain(pairs, quick);
    const { total, largest: _, ...parts } = run.memory;
    expect(Object.values(parts).reduce((sum, bytes) => sum + bytes)).toBe(total);
    expect(run.memory.teacher).toBe(run.memory.weights);
  });

  test("where the batch is left open, as large a one is taken as fits, and as many are added up as make it whole", async () => {
    const four = pairs.slice(0, 4);
    const { batchSize: _, ...more } = quick;
    const open = { ...more, freeze: ["embeddings"] }; // sums of few gradients: what a smaller batch saves is more
    using half = await model.finetune(four, { ...open, batchSize: 2, accumulate: 2 });
    using run = await model.finetune(four, { ...open, memoryBudget: half.memory.total });
    expect(run.plan).toEqual(half.plan);
    await expect(model.finetune(four, { ...open, memoryBudget: half.memory.total - 1 })).rejects.toThrow("What saves");
  });

  test("beyond the budget an error says what saves how much", async () => {
    const refused = model.finetune(pairs, { ...quick, batchSize: 4, memoryBudget: 2e6 });
    await expect(refused).rejects.toThrow(
      /would take \d\.\d MB \(weights .*activations \d.*memoryBudget is 2\.0 MB.*recompute: true \d.*train: "lora" \d\.\d MB \(then it fits\).*freeze: \["vision"\] \d/,
    );
    using fitting = await model.finetune(pairs, { ...quick, batchSize: 4, memoryBudget: 2e6, train: "lora" });
    expect(fitting.memory.total).toBeLessThan(2e6);
  });
});

test.each<[PretrainOptions, string]>([
  [{ freeze: ["mouth"] }, "freeze: mouth names no part"],
  [{ rates: { mouth: 2 } }, "rates: mouth names no part"],
  [{ rates: { vision: -1 } }, "rates.vision must be 0 or more"],
  [{ accumulate: 3 }, "batchSize 2 times accumulate 3 is more than the 5 pairs"],
  [{ precision: "f16" }, 'precision "f16"'],
  [{ dropout: 1 }, "dropout must be from 0 to below 1"],
  [{ targets: "mlp" as "all" }, 'targets must be "attention" or "all"'],
])("%j is refused", async (options, problem) => {
  await expect(model.finetune(pairs, { ...quick, ...options })).rejects.toThrow(problem);
});
