import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { byteSource, openSafetensors } from "@albef/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Albef } from "../albef.ts";
import { main } from "../cli/main.ts";
import { watchedConsole } from "../testing/console.ts";
import { drawnThings } from "../testing/makers.ts";
import { weightsFolder } from "../testing/pictures.ts";
import { writeSmallModel } from "../testing/small-model.ts";
import type { AlbefModel } from "../types.ts";
import type { StatementItem } from "./task-types.ts";
import type { AssignmentOptions } from "./types.ts";

const watched = watchedConsole();
const LAYER = "text_encoder.bert.encoder.layer";
const pairs = drawnThings.map(({ word, shown: image }) => ({ image, caption: `a ${word}` }));
const statements = drawnThings.map(({ word, shown: image }, i): StatementItem => {
  const other = drawnThings[(i + 3) % drawnThings.length]!.shown;
  return { images: i % 2 ? [image, other] : [other, image], text: `a ${word} on the left`, isTrue: i % 2 === 1 };
});
const options: AssignmentOptions = {
  ...{ task: "assignment", epochs: 2, batchSize: 5, heldOut: 0.375, augment: "none", learningRate: 1e-3 },
};
const nlvr = { task: "nlvr", epochs: 1, batchSize: 4, heldOut: 0, augment: "none", learningRate: 1e-7 } as const;

let folder: string;
let model: AlbefModel;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "albef-assignment-"));
  await writeSmallModel(folder, { like: `${weightsFolder}albef-mini` });
  model = await Albef.fromPretrained(folder, { device: "wasm" });
});
afterAll(() => {
  model.dispose();
  rmSync(folder, { recursive: true });
});

const opened = (file: Blob) => openSafetensors(byteSource(file, "adapter"));
const furthest = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

test("text assignment is learnt, kept, and taken up by NLVR2", async () => {
  using run = await model.pretrain(pairs, options);
  expect(run.plan).toMatchObject({ trainPairs: 5, heldOutPairs: 3, steps: 2 });
  expect(run.before!.accuracy % (100 / 9)).toBeCloseTo(0, 6); // three captions in three orders
  for await (const { loss, losses } of run) expect(losses.assignment).toBe(loss);
  const adapter = await run.adapter();
  const learnt = await opened(adapter);
  const names = [...learnt.tensors.keys()];
  expect(names).toContain("ta_head.weight");
  expect(names).toContain(`${LAYER}.2.crossattention.self.query.weight`); // of the fusion layer doubled
  expect(names).not.toContain(`${LAYER}.2.crossattention.self.key.weight`); // shared with layer 1
  // What the loss sends no gradient to AdamW leaves alone, decay and all: PyTorch's skips parameters without one.
  expect(names.filter((name) => /^(vision_proj|text_proj|temp|itm_head)/.test(name))).toEqual([]);

  using tuned = await model.withAdapter(adapter);
  await expect(tuned.compare(...statements[0]!.images, "a pizza")).rejects.toThrow("have no cls_head of 2 classes");
  using next = await tuned.finetune(statements, nlvr);
  for await (const _step of next);
  const taken = await opened(await next.adapter());
  for (const name of [`${LAYER}.1.attention.self.query.weight`, `${LAYER}.2.output.dense.weight`]) {
    const [own, given] = [(await taken.read(name)).data, (await learnt.read(name)).data];
    expect(furthest(own, given)).toBeLessThan(1e-6);
  }
  using compares = await tuned.withAdapter(await next.adapter());
  expect(await compares.compare(...statements[0]!.images, "a pizza")).toBeGreaterThan(0);
});

test("saved and taken up again it learns the same; with adapters alone it takes less memory", async () => {
  using whole = await model.pretrain(pairs, options);
  for await (const _step of whole);
  using part = await model.pretrain(pairs, options);
  for await (const { step } of part) if (step === 1) break;
  using rest = await model.pretrain(pairs, { ...options, resume: await part.save() });
  for await (const _step of rest);
  expect(await (await rest.save()).arrayBuffer()).toEqual(await (await whole.save()).arrayBuffer());
  using lora = await model.pretrain(pairs, { ...options, train: "lora", rank: 2 });
  expect(lora.memory.weights).toBeLessThan(whole.memory.weights / 3);
  for await (const _step of lora);
  const adapter = await lora.adapter();
  expect((await opened(adapter)).tensors.has(`${LAYER}.2.attention.self.query.lora_B.weight`)).toBe(true);
  using tuned = await model.withAdapter(adapter);
  using next = await tuned.finetune(statements, { ...nlvr, train: "lora" }); // adapters on layers that an adapter brought
  for await (const { loss } of next) expect(loss).toBeGreaterThan(0);
});

test("faithful: the teacher of NLVR2 begins untrained, as it is copied before the checkpoint is loaded", async () => {
  const teacherAfter = async (faithful: boolean) => {
    using run = await model.finetune(statements, { ...nlvr, epochs: 1, faithful });
    for await (const { step } of run) if (step === 1) break;
    const saved = await opened(await run.save());
    return async (name: string) => {
      const [head, ...rest] = name.split(".");
      const [online, teacher] = [await saved.read(name), await saved.read([`${head}_m`, ...rest].join("."))];
      return { furthest: furthest(online.data, teacher.data), values: Array.from(teacher.data) };
    };
  };
  const [official, careful] = [await teacherAfter(true), await teacherAfter(false)];
  for (const name of ["visual_encoder.blocks.0.attn.qkv.weight", `${LAYER}.2.output.dense.weight`]) {
    expect((await careful(name)).furthest).toBeLessThan(1e-6);
    const { furthest: apart, values } = await official(name);
    expect(apart).toBeGreaterThan(0.05);
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);
    expect(deviation).toBeGreaterThan(0.018); // 0.02 as the official classes draw
    expect(deviation).toBeLessThan(0.022);
  }
  expect((await official("visual_encoder.blocks.0.norm1.bias")).furthest).toBeGreaterThan(0.01); // 0 in the teacher
  expect((await official("cls_head.0.weight")).furthest).toBeLessThan(1e-6); // no checkpoint holds it
  const frozen = model.finetune(statements, { ...nlvr, faithful: true, train: "lora" });
  await expect(frozen).rejects.toThrow('faithful needs train: "all"');
});

test("albef pretrain --task assignment writes a model that albef loads for NLVR2", async () => {
  const list = join(folder, "pairs.jsonl");
  const lines = drawnThings.map(({ word, asked }) => JSON.stringify({ image: asked, caption: `a ${word}` }));
  writeFileSync(list, lines.join("\n"));
  const out = join(folder, "out");
  const flags = [
    "--task",
    "assignment",
    "--sharing",
    "none",
    "--epochs",
    "1",
    "--batch-size",
    "5",
    "--held-out",
    "0.375",
  ];
  const places = ["--data", list, "--images", `${weightsFolder}eval`, "--out", out, "--device", "wasm"];
  expect([await main(["pretrain", folder, ...places, ...flags]), watched.failed()]).toEqual([0, ""]);
  expect(watched.printed()).toMatch(/held-out accuracy: \d/);
  expect(readFileSync(join(out, "log.csv"), "utf8").split("\n")).toHaveLength(3);
  using tuned = await Albef.fromPretrained(join(out, "model"), { device: "wasm" });
  await expect(tuned.finetune(statements, { ...nlvr, sharing: "block" })).rejects.toThrow(
    "share none; sharing must say so",
  );
  using next = await tuned.finetune(statements, nlvr);
  for await (const _step of next);
  expect((await opened(await next.adapter())).tensors.has(`${LAYER}.2.crossattention.self.key.weight`)).toBe(true);
});

test("of two fusion layers or more the written model tells what pairs share once, and is taken up again", async () => {
  const place = join(folder, "deep");
  await writeSmallModel(place, { like: `${weightsFolder}albef-mini`, sizes: { num_hidden_layers: 3 } }); // 1 and 2 fuse
  const list = join(folder, "deep.jsonl");
  const lines = drawnThings.map(({ word, asked }) => JSON.stringify({ image: asked, caption: `a ${word}` }));
  writeFileSync(list, lines.join("\n"));
  const out = join(folder, "deep-out");
  const places = ["--data", list, "--images", `${weightsFolder}eval`, "--out", out];
  const flags = [
    "--task",
    "assignment",
    "--epochs",
    "1",
    "--batch-size",
    "5",
    "--held-out",
    "0.375",
    "--device",
    "wasm",
  ];
  expect([await main(["pretrain", place, ...places, ...flags]), watched.failed()]).toEqual([0, ""]);
  const written = readFileSync(join(out, "model", "model.safetensors"));
  const { tensors } = await opened(new Blob([written]));
  const keys = [1, 2, 3, 4].filter((layer) => tensors.has(`${LAYER}.${layer}.crossattention.self.key.weight`));
  expect(keys).toEqual([1, 3]);
  using tuned = await Albef.fromPretrained(join(out, "model"), { device: "wasm" });
  using next = await tuned.finetune(statements, nlvr);
  for await (const { loss } of next) expect(loss).toBeGreaterThan(0);
});

test("what cannot be learnt is refused", async () => {
  const refused = (wrong: object) => model.pretrain(pairs, { ...options, ...wrong });
  await expect(refused({ task: "mlm" })).rejects.toThrow("task must be assignment or left out, got mlm");
  await expect(refused({ batchSize: 2 })).rejects.toThrow("batches of 3 pairs or more");
  await expect(refused({ sharing: "all" })).rejects.toThrow("sharing must be none");
  await expect(refused({ heldOut: 0.25 })).rejects.toThrow("needs 3 held-out pictures");
});
