import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { byteSource, openSafetensors } from "@albef/core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Albef } from "../albef.ts";
import { main } from "../cli/main.ts";
import { drawnThings, thingAfter } from "../testing/makers.ts";
import { weightsFolder } from "../testing/pictures.ts";
import { writeSmallModel } from "../testing/small-model.ts";
import type { StatementItem } from "./task-types.ts";

const mini = `${weightsFolder}albef-mini`;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "albef-nlvr-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Statements that are true of the pictures in one order and false in the other: words alone decide nothing. */
const statements = drawnThings.flatMap(({ word, shown: image }, i): StatementItem[] => {
  const other = thingAfter(i, 3).shown;
  const text = `a ${word} on the left`;
  return [
    { images: [image, other], imageId: word, text, isTrue: true },
    { images: [other, image], imageId: word, text, isTrue: false },
  ];
});

test("statements learnt on one maker's drawings are judged on the other makers'", async () => {
  using model = await Albef.fromPretrained(mini, { device: "wasm" });
  const options = { task: "nlvr", augment: "none", alpha: 0, heldOut: 0, batchSize: 8, seed: 1 } as const;
  const learning = { epochs: 5, learningRate: 2e-3, freeze: ["vision", "text"] };
  using training = await model.finetune(statements, { ...options, ...learning });
  const losses: number[] = [];
  for await (const { losses: step } of training) losses.push(step.nlvr!);
  expect(losses.at(-1)).toBeLessThan(0.3 * losses[0]!);
  const adapter = join(folder, "learnt.safetensors");
  writeFileSync(adapter, Buffer.from(await (await training.adapter()).arrayBuffer()));
  const annotations = join(folder, "statements.json");
  const asked = drawnThings.flatMap(({ word, asked: image }, i) => [
    { sentence: `a ${word} on the left`, label: "True", images: [image, thingAfter(i, 2).asked] },
    { sentence: `a ${word} on the left`, label: "False", images: [thingAfter(i, 2).asked, image] },
  ]);
  writeFileSync(annotations, JSON.stringify(asked));
  const json = join(folder, "figures.json");
  const files = [
    "--annotations",
    annotations,
    "--images",
    `${weightsFolder}eval`,
    "--adapter",
    adapter,
    "--json",
    json,
  ];
  const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  const status = await main(["eval", "nlvr2", mini, ...files, "--device", "wasm"]);
  log.mockRestore();
  expect(status).toBe(0);
  const { accuracy } = JSON.parse(readFileSync(json, "utf8"));
  expect(accuracy).toBeGreaterThanOrEqual(0.75); // 12 of 16, by chance with a probability of 4 %
}, 300_000);

test.each([
  ["all", undefined],
  ["all", "none"],
  ["lora", undefined],
  ["lora", "block"],
] as const)(
  "train %s, sharing %s: saved and taken up again it learns the same; what it learnt compares",
  async (train, sharing) => {
    const small = join(folder, "small");
    await writeSmallModel(small, { like: mini });
    using model = await Albef.fromPretrained(small, { device: "wasm" });
    const options = {
      task: "nlvr",
      epochs: 2,
      batchSize: 4,
      heldOut: 0.25,
      learningRate: 1e-3,
      train,
      sharing,
    } as const;
    using whole = await model.finetune(statements, options);
    const accuracies: number[] = [];
    for await (const { heldOut } of whole) if (heldOut) accuracies.push(heldOut.accuracy);
    expect(accuracies).toHaveLength(2);
    for (const accuracy of [whole.before!.accuracy, ...accuracies]) expect(accuracy % 25).toBe(0); // of 4 statements
    using part = await model.finetune(statements, options);
    for await (const { step } of part) if (step === 2) break;
    using rest = await model.finetune(statements, { ...options, resume: await part.save() });
    for await (const _step of rest);
    expect(await (await rest.save()).arrayBuffer()).toEqual(await (await whole.save()).arrayBuffer());
    const adapter = await rest.adapter();
    const doubled = (await openSafetensors(byteSource(adapter, "adapter"))).tensors;
    const second = `text_encoder.bert.encoder.layer.2.output.dense.${train === "lora" ? "lora_B." : ""}weight`;
    expect(doubled.has(second)).toBe(sharing !== "block");
    using tuned = await model.withAdapter(adapter);
    const [{ images, text }] = statements as [StatementItem];
    const [there, back] = [await tuned.compare(...images, text), await tuned.compare(images[1], images[0], text)];
    expect(there).not.toBe(back);
    const relates = tuned.matchScores(images[0], [text]);
    if (sharing === "block") expect(await relates).toHaveLength(1);
    else await expect(relates).rejects.toThrow("load a pre-trained checkpoint");
    using again = await tuned.finetune(statements, { ...options, epochs: 1 }); // goes on from what was learnt
    expect(again.plan.steps).toBe(3);
    expect(again.before).toEqual(rest.best); // merged adapters judge as they did beside the frozen weights
  },
);

test("items that are no statements about two pictures are refused", async () => {
  const small = join(folder, "refusing");
  await writeSmallModel(small, { like: mini });
  using model = await Albef.fromPretrained(small, { device: "wasm" });
  const [{ images, text }] = statements as [StatementItem];
  const one = [{ images: [images[0]] as unknown as StatementItem["images"], text, isTrue: true }];
  await expect(model.finetune(one, { task: "nlvr" })).rejects.toThrow("item 1 must have two images");
  await expect(model.finetune(statements, { task: "nlvr", sharing: "all" as "block" })).rejects.toThrow(
    "sharing must be",
  );
});
