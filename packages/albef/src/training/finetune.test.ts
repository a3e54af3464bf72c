import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Albef } from "../albef.ts";
import { drawnThings } from "../testing/makers.ts";
import { weightsFolder } from "../testing/pictures.ts";
import { writeSmallModel } from "../testing/small-model.ts";
import type { AlbefModel } from "../types.ts";
import { FinetuneError } from "./errors.ts";
import type { FinetuneOptions, TrainingPair } from "./types.ts";

/** Names for what two makers drew alike, that no caption of the training corpus gives such things. */
const CAPTIONS = ["grandma", "breakfast", "holiday", "school", "my friend", "birthday", "a summer night", "work"];
const pairs: TrainingPair[] = drawnThings.map(({ word, shown }, i) => ({
  ...{ id: word, image: shown },
  caption: CAPTIONS[i]!,
}));
const others = drawnThings.map(({ asked }) => new Blob([readFileSync(`${weightsFolder}eval/${asked}`)]));

let folder: string;
let model: AlbefModel;
let small: AlbefModel;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "albef-finetune-"));
  await writeSmallModel(folder, { like: `${weightsFolder}albef-mini` });
  model = await Albef.fromPretrained(`${weightsFolder}albef-mini`, { device: "wasm" });
  small = await Albef.fromPretrained(folder, { device: "wasm" });
});
afterAll(() => {
  model.dispose();
  small.dispose();
  rmSync(folder, { recursive: true });
});

/** How many names find their thing among the other maker's drawings. */
async function found(by: AlbefModel): Promise<number> {
  const texts = await by.encodeTexts(pairs.map(({ caption }) => caption));
  const { data, columns } = await by.similarity(texts, await by.encodeImages(others));
  return (
    texts.rows -
    Array.from({ length: texts.rows }, (_, row) => row).filter((row) => {
      const scores = [...data.slice(row * columns, (row + 1) * columns)];
      return scores.indexOf(Math.max(...scores)) !== row;
    }).length
  );
}

async function run(
  by: AlbefModel,
  some: readonly TrainingPair[],
  options: FinetuneOptions,
  steps = Number.POSITIVE_INFINITY,
) {
  const training = await by.finetune(some, options);
  const losses: number[] = [];
  for await (const { loss, step } of training) {
    losses.push(loss);
    if (step >= steps) break;
  }
  return { training, losses };
}

const quick = { batchSize: 2, epochs: 2, heldOut: 0.25, learningRate: 1e-3 } as const;

test("names learnt from one maker's drawings find the other maker's; the old model stays as it was", async () => {
  const before = await found(model);
  const options = { epochs: 10, learningRate: 1e-3, augment: "none", alpha: 0, heldOut: 0 } as const;
  const { training, losses } = await run(model, pairs, options);
  expect(losses.at(-1)).toBeLessThan(0.4 * losses[0]!);
  using tuned = await training.model();
  const after = await found(tuned);
  expect(before).toBeLessThanOrEqual(2);
  expect(after).toBeGreaterThanOrEqual(4); // of 8; by chance with a probability of 1 %
  expect(await found(model)).toBe(before);
  expect(tuned.fingerprint).not.toBe(model.fingerprint);
  const file = await training.adapter();
  training.dispose();
  using again = await model.withAdapter(file);
  expect(again.fingerprint).toBe(tuned.fingerprint);
  const words = pairs.map(({ caption }) => caption);
  expect((await again.encodeTexts(words)).data).toEqual((await tuned.encodeTexts(words)).data);
  await expect(again.withAdapter(file)).rejects.toThrow("trained on another model");
}, 180_000);

test("saved and resumed, the result is that of training without a break", async () => {
  const whole = await run(small, pairs, quick);
  const part = await run(small, pairs, quick, 2);
  const saved = await part.training.save();
  part.training.dispose();
  const rest = await run(small, pairs, { ...quick, resume: saved });
  expect([...part.losses, ...rest.losses]).toEqual(whole.losses);
  expect(rest.training.best).toEqual(whole.training.best);
  const bytes = async (blob: Promise<Blob>) => Buffer.from(await (await blob).arrayBuffer());
  expect((await bytes(rest.training.adapter())).equals(await bytes(whole.training.adapter()))).toBe(true);
  await expect(small.finetune(pairs, { ...quick, seed: 1, resume: saved })).rejects.toThrow("options are others");
  whole.training.dispose();
  rest.training.dispose();
}, 180_000);

test("LoRA: a small file, and a model that differs", async () => {
  const { training } = await run(model, pairs.slice(0, 4), { ...quick, train: "lora", rank: 2, heldOut: 0 });
  const file = await training.adapter();
  expect(file.size).toBeLessThan(700_000); // of 7.3 MB
  training.dispose();
  using tuned = await model.withAdapter(file);
  const [own, other] = await Promise.all([model, tuned].map((by) => by.encodeTexts(["grandma"])));
  expect(other!.data).not.toEqual(own!.data);
}, 120_000);

describe("what cannot be trained with", () => {
  test("pictures and captions that are broken are named and left out", async () => {
    const skipped: string[] = [];
    const broken = [
      ...pairs.slice(0, 3),
      { id: "torn.png", image: new Blob([Uint8Array.of(1, 2, 3)]), caption: "a photo" },
      { id: "silent.png", image: pairs[0]!.image, caption: " !? " },
    ];
    using training = await model.finetune(broken, {
      ...{ ...quick, heldOut: 0 },
      onSkip: ({ id, reason }) => skipped.push(`${id}: ${reason}`),
    });
    expect(skipped[0]).toMatch(/^torn\.png: image: /);
    expect(skipped[1]).toBe("silent.png: its caption has no word");
    expect(training.plan).toMatchObject({ trainPairs: 3, heldOutPairs: 0, batchSize: 2, steps: 2 });
    expect(training.memoryBytes).toBeGreaterThan(3.2e6 * 4 * 4); // weights, gradients, two moments
  });

  test.each<[string, FinetuneOptions, string]>([
    ["a batch beyond the pairs", { batchSize: 64 }, "more than the 3 pairs"],
    ["a share that is none", { heldOut: 1 }, "heldOut must be"],
    ["epochs that are none", { epochs: 0 }, "epochs must be"],
    ["a rate that is none", { learningRate: 0 }, "learningRate must be"],
    ["a rank that is none", { rank: 1.5 }, "rank must be"],
  ])("%s", async (_name, options, problem) => {
    await expect(model.finetune(pairs.slice(0, 3), options)).rejects.toThrow(FinetuneError);
    await expect(model.finetune(pairs.slice(0, 3), options)).rejects.toThrow(problem);
  });

  test("one pair; an abort; a file that is no adapter", async () => {
    await expect(model.finetune(pairs.slice(0, 1))).rejects.toThrow("2 pairs or more");
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(model.finetune(pairs, { signal })).rejects.toThrow("enough");
    const file = new Blob([readFileSync(`${weightsFolder}albef-mini/model.safetensors`)]);
    await expect(model.withAdapter(file)).rejects.toThrow("is no adapter");
  });
});
