import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Safetensors } from "@albef/core";
import type { GeneratedAnswer } from "@albef/heads";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Albef } from "../albef.ts";
import { MissingHeadError } from "../errors.ts";
import { type LoadedModel, loadModel } from "../model/load.ts";
import { tinyTask } from "../testing/tiny-tasks.ts";
import { ranked } from "./answer.ts";
import { candidateLossesOf, openCandidates } from "./candidates.ts";
import { entailments } from "./entailment.ts";
import { writtenAnswers } from "./generate.ts";
import { type AskedQuestion, ask } from "./question.ts";

const SLOW = 120_000; // adapters on the CPU compile for seconds
const weights = fileURLToPath(new URL("../../../../weights/", import.meta.url));
const picture = new Blob([readFileSync(`${weights}gallery/pizza-twemoji.webp`)]);

async function numbers(recorded: Safetensors, name: string): Promise<number[]> {
  return Array.from((await recorded.read(name)).data);
}

describe.each(["webgpu", "wasm"] as const)("questions on %s", (device) => {
  let model: LoadedModel;
  let recorded: Safetensors;
  let question: AskedQuestion;
  beforeAll(async () => {
    const tiny = await tinyTask("vqa");
    recorded = tiny.recorded;
    model = await loadModel(tiny.files, { device, dtype: "f32" });
    const states = await model.engine.encodeImages([
      Float32Array.from((await numbers(recorded, "in.image")).slice(0, 3072)),
    ]);
    question = await ask(model, states[0]!.states, "what is the man riding");
  }, SLOW);
  afterAll(() => model.dispose());

  /** By the decoder over the whole answer at once, which keeps nothing. */
  const likelihoods = async (answers: readonly GeneratedAnswer[]) => {
    const { cls, sep } = model.config.tokens;
    const ids = answers.map(({ words, isComplete }) => [cls, ...words, ...(isComplete ? [sep] : [])]);
    const candidates = { texts: [], ids, firstWords: new Int32Array() };
    const losses = await candidateLossesOf(model, question, candidates, { places: [...ids.keys()] });
    return Array.from(losses, (loss) => -loss);
  };

  test(
    "what is written is as likely as the whole answer without a cache; more beams find no worse",
    async () => {
      const write = (beams: number) => writtenAnswers(model, question, { beams, maxTokens: 6 });
      const [greedy, wide] = [await write(1), await write(4)];
      const found = wide.map(({ logProbability }) => logProbability);
      for (const [i, expected] of (await likelihoods(wide)).entries()) expect(found[i]).toBeCloseTo(expected, 3);
      expect(found).toHaveLength(4);
      expect(found).toEqual(found.toSorted((a, b) => b - a));
      expect(found[0]).toBeGreaterThanOrEqual(greedy[0]!.logProbability - 1e-4);
      expect(new Set(wide.map(({ words }) => words.join())).size).toBe(4);
      expect(await Promise.all([write(1), write(4)])).toEqual([greedy, wide]);
    },
    SLOW,
  );

  test(
    "3,128 candidates: the best of them are found in bounded memory",
    async () => {
      const words = Array.from({ length: 128 }, (_, id) => model.tokenizer.token(id)!).filter((word) =>
        /^[a-z]+$/.test(word),
      );
      const texts = Array.from(
        { length: 3128 },
        (_, i) => `${words[i % words.length]} ${words[(i * 7) % words.length]}`,
      );
      const candidates = openCandidates(model, texts);
      const few = await ranked(model, question, candidates, { topK: 3, rerank: 64 });
      const bytes = model.engine.executor.memory().bytes;
      const [best] = await ranked(model, question, candidates, { topK: 1, rerank: 256 });
      expect(model.engine.executor.memory().bytes).toBe(bytes);
      expect(few.reduce((sum, { probability }) => sum + probability, 0)).toBeLessThanOrEqual(1 + 1e-6);
      expect(texts).toContain(best!.answer);
    },
    SLOW,
  );
});

test("a model of one task says what it cannot do; albef-mini as well", async () => {
  using vqa = await Albef.fromPretrained((await tinyTask("vqa")).files, { device: "wasm" });
  await expect(vqa.encodeTexts(["a man"])).rejects.toThrow(MissingHeadError);
  await expect(vqa.entails(picture, "a man")).rejects.toThrow("official VE.py");
  expect(await vqa.answer(picture, "what is it?", { candidates: ["man", "horse"] })).toHaveLength(2);
  await expect(vqa.answer(picture, "what?", { candidates: [] })).rejects.toThrow("candidates is empty");
  await expect(vqa.answer(picture, "what?", { candidates: ["a"], topK: 0 })).rejects.toThrow("topK must be");
  await expect(vqa.answer(picture, "?!")).rejects.toThrow("has no word");
  using mini = await Albef.fromPretrained(`${weights}albef-mini`, { device: "wasm" });
  await expect(mini.answer(picture, "what is it?")).rejects.toThrow("official VQA.py");
});

test("entailment: a batch gives what each pair gives alone", async () => {
  const { files, recorded } = await tinyTask("ve");
  const model = await loadModel(files, { device: "wasm" });
  try {
    const pixels = await numbers(recorded, "in.image");
    const images = Array.from({ length: 4 }, (_, i) => Float32Array.from(pixels.slice(i * 3072, (i + 1) * 3072)));
    const states = (await model.engine.encodeImages(images)).map((image) => image.states);
    const texts = ["a man is riding a horse", "a dog", "the beach", "a man on the beach is riding"];
    const pairs = Array.from({ length: 8 }, (_, i) => ({ states: states[i % 4]!, text: texts[(i * 3) % 4]! }));
    const batch = await entailments(model, pairs);
    for (const [i, result] of batch.entries()) {
      const [alone] = await entailments(model, [pairs[i]!]);
      for (const label of ["contradiction", "neutral", "entailment"] as const) {
        expect(result[label]).toBeCloseTo(alone![label], 5);
      }
      expect(result.contradiction + result.neutral + result.entailment).toBeCloseTo(1, 5);
    }
  } finally {
    model.dispose();
  }
});
