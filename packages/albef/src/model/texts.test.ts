import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { graphCosts } from "@albef/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { equalLengths } from "./batches.ts";
import { textGraph } from "./graphs.ts";
import { type LoadedModel, loadModel } from "./load.ts";
import { type TextTokens, tokenizeCaptions } from "./texts.ts";

const weights = fileURLToPath(new URL("../../../../weights/", import.meta.url));
const heldOut: { readonly caption: readonly string[] }[] = JSON.parse(
  readFileSync(`${weights}eval/held-out.json`, "utf8"),
);
const captions = heldOut.flatMap(({ caption }) => caption);
const LONG = "a very long caption about a red sailboat on a calm sea with two children and a small brown dog";
const PADDED = 30;

let model: LoadedModel;
beforeAll(async () => {
  model = await loadModel(`${weights}albef-mini`, { device: "wasm" });
});
afterAll(() => model.dispose());

/** The same tokens padded to one length, as they were encoded before. */
function padded(tokens: readonly TextTokens[], length: number): TextTokens[] {
  return tokens.map((own) => {
    const inputIds = new Int32Array(length);
    const attentionMask = new Float32Array(length);
    inputIds.set(own.inputIds);
    attentionMask.set(own.attentionMask);
    return { inputIds, attentionMask };
  });
}

const furthest = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)));

test("texts of many lengths: features and scores in the order given, those of padded texts within 1e-5", async () => {
  const { engine, tokenizer, config } = model;
  const some = [LONG, ...captions.slice(0, 40), "a dog"];
  const own = tokenizeCaptions(some, tokenizer, config);
  expect(new Set(own.map(({ inputIds }) => inputIds.length)).size).toBeGreaterThan(3);
  const [ragged, whole] = [await engine.encodeTexts(own), await engine.encodeTexts(padded(own, PADDED))];
  for (const [i, { feature }] of ragged.entries()) expect(furthest(feature, whole[i]!.feature)).toBeLessThan(1e-5);
  const { imageSize } = config.vision;
  const pixels = Float32Array.from({ length: 3 * imageSize ** 2 }, (_, i) => Math.sin(1.7 * i));
  const [image] = await engine.encodeImages([pixels]);
  const [got, want] = [await engine.matchImage(ragged, image!.states), await engine.matchImage(whole, image!.states)];
  expect(
    furthest(
      got.map(({ match }) => match),
      want.map(({ match }) => match),
    ),
  ).toBeLessThan(1e-4); // logits of about 5
});

test("the held-out captions cost three fifths of what they do padded to eight tokens", async () => {
  const { engine, tokenizer, config } = model;
  const flopsOf = async (tokens: readonly TextTokens[]) => {
    let flops = 0;
    for (const { length, places } of equalLengths(tokens.map(({ inputIds }) => inputIds.length))) {
      const costs = await graphCosts(textGraph(engine.plan, { batch: places.length, length }));
      flops += costs.reduce((sum, cost) => sum + cost.flops, 0);
    }
    return flops;
  };
  const own = tokenizeCaptions(captions, tokenizer, config);
  const [ragged, whole] = [await flopsOf(own), await flopsOf(padded(own, 8))];
  const tokens = own.reduce((sum, { attentionMask }) => sum + attentionMask.reduce((a, b) => a + b), 0);
  expect(own.reduce((sum, { inputIds }) => sum + inputIds.length, 0) - tokens).toBeLessThanOrEqual(captions.length);
  console.log(
    `${captions.length} captions, ${tokens} tokens: ${(ragged / 1e6).toFixed(0)} MFLOP, padded to 8 ${(whole / 1e6).toFixed(0)}`,
  );
  expect(ragged / whole).toBeLessThan(0.6); // 0.59
});

test("few texts keep to few lengths; a text without a word is named", () => {
  const { tokenizer, config } = model;
  const lengths = tokenizeCaptions(["a dog", LONG, "a"], tokenizer, config).map(({ inputIds }) => inputIds.length);
  expect(lengths).toEqual([8, 30, 8]);
  expect(() => tokenizeCaptions(["a dog", " .. "], tokenizer, config)).toThrow('text " .. " has no word');
});
