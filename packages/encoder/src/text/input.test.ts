import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { preCaption, preQuestion } from "./captions.ts";
import { tokenizerFromVocab } from "./vocabulary.ts";

const fixture = (path: string) => readFileSync(new URL(`../../../../fixtures/${path}`, import.meta.url), "utf8");
const captions = JSON.parse(fixture("captions/case.json"));
const recorded = JSON.parse(fixture("tokenizer/case.json"));
const tokenizer = tokenizerFromVocab(fixture("tokenizer/vocab.txt"));

interface Cleaned {
  text: string;
  max_words: number;
  result: string;
}

test("captions and questions are cleaned as official", () => {
  expect(captions.pre_caption.length).toBeGreaterThan(10);
  for (const { text, max_words, result } of captions.pre_caption as Cleaned[])
    expect(preCaption(text, max_words)).toBe(result);
  for (const { text, max_words, result } of captions.pre_question as Cleaned[])
    expect(preQuestion(text, max_words)).toBe(result);
});

test("token ids equal the official ones", () => {
  expect(recorded.single.length).toBeGreaterThan(10);
  for (const { text, ids } of recorded.single as { text: string; ids: number[] }[]) {
    expect([text, tokenizer.ids(text)]).toEqual([text, ids]);
  }
});

test("a batch is padded to its longest and cut to maxLength", () => {
  const { inputIds, attentionMask, length } = tokenizer.encode(["the dog", "a man is riding a horse"], {
    maxLength: 4,
  });
  expect(length).toBe(4);
  expect([...attentionMask]).toEqual([1, 1, 1, 0, 1, 1, 1, 1]);
  expect(inputIds[3]).toBe(tokenizer.special.pad);
  expect(tokenizer.decode(inputIds.subarray(0, 4))).toBe("the dog");
});

test("bad input is refused", () => {
  expect(() => tokenizer.encode([])).toThrow(/empty batch/);
  expect(() => tokenizer.encode([5 as unknown as string])).toThrow(/expected a string/);
  expect(() => tokenizer.encode(["a man is"], { padTo: 2 })).toThrow(/do not fit/);
  expect(() => preCaption(null as unknown as string)).toThrow(/expected a string/);
});
