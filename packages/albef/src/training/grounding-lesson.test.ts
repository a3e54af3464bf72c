import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Albef } from "../albef.ts";
import { drawnThings, thingAfter } from "../testing/makers.ts";
import { weightsFolder } from "../testing/pictures.ts";
import { writeSmallModel } from "../testing/small-model.ts";
import type { PhraseItem } from "./task-types.ts";

const mini = `${weightsFolder}albef-mini`;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "albef-grounding-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("phrases learnt on one maker's drawings find the other makers' drawings", async () => {
  using model = await Albef.fromPretrained(mini, { device: "wasm" });
  const phraseOf = (i: number) => `the ${thingAfter(i, 3).word}`; // another thing's name, which only training can tell
  const items: PhraseItem[] = drawnThings.map(({ shown: image }, i) => ({ image, text: phraseOf(i) }));
  const options = { task: "grounding", augment: "none", heldOut: 0, alpha: 0, batchSize: 8, seed: 1 } as const;
  using training = await model.finetune(items, { ...options, epochs: 6, learningRate: 2e-3, freeze: ["vision"] });
  const losses: number[] = [];
  for await (const { losses: step, loss } of training) {
    expect(Object.keys(step)).toEqual(["itc", "itm"]);
    losses.push(loss);
  }
  expect(losses.at(-1)).toBeLessThan(0.5 * losses[0]!);
  using tuned = await training.model();
  const asked = drawnThings.map((thing) => new Blob([readFileSync(`${weightsFolder}eval/${thing.asked}`)]));
  const gallery = await tuned.gallery(asked.map((image, i) => ({ id: String(i), image })));
  let found = 0;
  for (const i of asked.keys()) {
    const [best] = await gallery.search(phraseOf(i), { topK: 1 });
    if (best!.id === String(i)) found++;
  }
  gallery.dispose();
  expect(found).toBeGreaterThanOrEqual(4); // of 8, by chance with a probability of 1 %
}, 300_000);

test("held out: by the box where there is one, else by the picture that fits better", async () => {
  await writeSmallModel(folder, { like: mini });
  using model = await Albef.fromPretrained(folder, { device: "wasm" });
  const everywhere = [0, 0, 64, 64] as const;
  const boxed: PhraseItem[] = drawnThings.map(({ word: text, shown: image }) => ({
    ...{ image, text, box: everywhere, proposals: [everywhere] },
  }));
  const options = { task: "grounding", epochs: 1, batchSize: 3, heldOut: 0.5, augment: "grounding" } as const;
  using sure = await model.finetune(boxed, options);
  expect(sure.plan.augment).toBe("grounding");
  expect(sure.before).toEqual({ accuracy: 100, mean: 100 }); // the one proposal is right
  const wrong = boxed.map((item) => ({ ...item, box: [40, 40, 8, 8] as const }));
  using never = await model.finetune(wrong, options);
  expect(never.before!.accuracy).toBe(0);
  using plain = await model.finetune(
    boxed.map(({ image, text }) => ({ image, text })),
    options,
  );
  expect(plain.before!.accuracy % 25).toBe(0);
});
