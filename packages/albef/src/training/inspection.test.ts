import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Albef } from "../albef.ts";
import type { StepInspection } from "./inspection-types.ts";

const weights = fileURLToPath(new URL("../../../../weights/", import.meta.url));
const pictures = {
  pizza: "pizza-twemoji",
  boat: "sailboat-fluent-3d",
  slice: "pizza-twemoji",
  tulip: "tulip-fluent-3d",
};
const pairs = Object.entries(pictures).map(([id, file]) => ({
  ...{ id, caption: `a ${id}`, imageId: file },
  image: new Blob([readFileSync(`${weights}gallery/${file}.webp`)]),
}));
const rowSums = (table: Float32Array) =>
  Array.from({ length: 4 }, (_, row) => table.slice(4 * row, 4 * row + 4).reduce((sum, share) => sum + share));

test("a look inside: hard negatives are other pictures' pairs, the teacher softens targets once alpha has risen", async () => {
  using model = await Albef.fromPretrained(`${weights}albef-mini`, { device: "wasm" });
  const options = { epochs: 2, batchSize: 4, heldOut: 0, augment: "none", inspect: true } as const;
  using training = await model.finetune(pairs, options);
  const seen: StepInspection[] = [];
  for await (const { inspection } of training) seen.push(inspection!);
  for (const { ids, negativeImages, negativeTexts } of seen) {
    expect([...ids].sort()).toEqual(["boat", "pizza", "slice", "tulip"]);
    const fileAt = (place: number) => pictures[ids[place] as keyof typeof pictures];
    for (const [place, partner] of [...negativeImages.entries(), ...negativeTexts.entries()]) {
      expect(fileAt(partner), "two captions of one picture are no negatives").not.toBe(fileAt(place));
    }
  }
  const [first, second] = seen.map(({ imageToText }) => imageToText) as [Float32Array, Float32Array];
  for (const sum of [...rowSums(first), ...rowSums(second)]) expect(sum).toBeCloseTo(1, 5);
  expect(new Set(first)).toEqual(new Set([0, 0.5, 1])); // alpha 0: the labels alone, shared by the pizza's two captions
  expect(Math.min(...second)).toBeGreaterThan(0);
  expect(Math.max(...second)).toBeLessThan(1);

  const { hidden, words } = (await training.hiddenWord(pairs[0]!))!;
  expect(hidden).toBe("pizza");
  expect(words).toHaveLength(5);
  const shares = words.map(({ probability }) => probability);
  expect(shares).toEqual(shares.toSorted((a, b) => b - a));
  expect(shares.reduce((sum, share) => sum + share)).toBeLessThanOrEqual(1);
  expect(words.map(({ word }) => word)).toContain("pizza");
  await expect(training.hiddenWord(pairs[0]!, { place: 2 })).rejects.toThrow("from 0 to 1");
}, 60_000);
