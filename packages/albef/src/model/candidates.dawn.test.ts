import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { graphCosts } from "@albef/core";
import { ALBEF_BASE } from "@albef/encoder";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeSmallModel } from "../testing/small-model.ts";
import { candidates } from "./candidates.ts";
import type { EncodedText } from "./encoded.ts";
import { keysGraph, matchGraph } from "./graphs.ts";
import { type LoadedModel, loadModel } from "./load.ts";
import { keysBytes } from "./match.ts";
import { tokenizeCaptions } from "./texts.ts";

const mini = fileURLToPath(new URL("../../../../weights/albef-mini", import.meta.url));
let folder: string;
let model: LoadedModel;
let text: EncodedText;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "albef-candidates-"));
  await writeSmallModel(folder, { like: mini });
  model = await loadModel(folder, { device: "webgpu" });
  const tokens = tokenizeCaptions(["a sailboat on the sea"], model.tokenizer, model.config);
  text = (await model.engine.encodeTexts(tokens))[0]!;
}, 60_000);
afterAll(() => {
  model.dispose();
  rmSync(folder, { recursive: true });
});

/** States of a picture that there is not, by a number. */
function statesOf(seed: number): Float32Array {
  const { imageSize, patchSize, hiddenSize } = model.config.vision;
  return Float32Array.from({ length: ((imageSize / patchSize) ** 2 + 1) * hiddenSize }, (_, i) =>
    Math.sin(seed + 1.7 * i),
  );
}

test("what is kept of pictures gives the scores that it gives anew; the budget holds, and nothing stays at the end", async () => {
  const { engine } = model;
  const ids = [1, 2, 3, 4, 5, 6, 7];
  const asked: number[] = [];
  const open = (budgetBytes: number) =>
    candidates<number>(engine, {
      budgetBytes,
      statesOf: async (id) => {
        asked.push(id);
        return statesOf(id);
      },
    });
  const anew = await open(0).match(text, ids); // its programs are compiled from here on
  const [first] = await engine.matchImage([text], statesOf(1));
  expect(first!.match).toBeCloseTo(anew[0]!.match, 5);
  const before = engine.executor.memory();
  const pictures = open(5 * keysBytes(engine.plan) + 1);
  asked.length = 0;
  expect(await pictures.match(text, ids)).toEqual(anew);
  expect(asked).toEqual(ids);
  expect(engine.executor.memory().bytes - before.bytes).toBeGreaterThanOrEqual(5 * keysBytes(engine.plan));
  asked.length = 0;
  expect(await pictures.match(text, ids)).toEqual(anew);
  expect(asked).toEqual([6, 7]); // those that are wanted again did not make room for them
  pictures.forget([2]);
  asked.length = 0;
  const again = await pictures.match(text, [2, 1, 6]);
  for (const [i, place] of [1, 0, 5].entries()) expect(again[i]!.match).toBeCloseTo(anew[place]!.match, 5);
  expect(asked).toEqual([2, 6]);
  pictures.clear();
  await new Promise((resolve) => setTimeout(resolve));
  expect(engine.executor.memory()).toEqual(before);
});

test("a kept picture costs a fraction of one that is not: FLOPs of a pair, and the dispatches of a batch", async () => {
  const flopsOf = async (graph: Parameters<typeof graphCosts>[0]) =>
    (await graphCosts(graph)).reduce((sum, { flops }) => sum + flops, 0);
  const plan = { config: ALBEF_BASE, textPrefix: "text_encoder.bert", specs: new Map(), contrasts: true };
  const pair = { pairs: 1, texts: 1, images: 1, length: 8 };
  const [keys, match] = [await flopsOf(keysGraph(plan, 1)), await flopsOf(matchGraph(plan, pair))];
  const figures = [keys, match].map((flops) => `${(flops / 1e6).toFixed(0)} MFLOP`);
  console.log(
    `ALBEF-base, 8 tokens: keys of a picture ${figures[0]}, ${keysBytes(plan) / 1e6} MB; a match ${figures[1]}`,
  );
  expect(match / (keys + match)).toBeLessThan(0.25); // 0.19 at 256 px
  const { engine } = model;
  const own = { ...pair, pairs: 4, images: 4 };
  const batch = await engine.programs.get("batch", () => matchGraph(engine.plan, own));
  const single = await engine.programs.get("pair", () => matchGraph(engine.plan, pair));
  expect(batch.dispatchCount).toBe(single.dispatchCount + 2); // text and mask repeated; not four times as many
});
