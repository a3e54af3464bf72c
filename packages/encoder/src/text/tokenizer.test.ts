import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { preCaption, preQuestion } from "./captions.ts";
import { loadTokenizer } from "./tokenizer.ts";
import { tokenizerFromVocab } from "./vocabulary.ts";

const read = (path: string) => readFileSync(new URL(`../../../../${path}`, import.meta.url), "utf8");
const vocab = read("fixtures/tokenizer/vocab.txt");
const tokenizer = tokenizerFromVocab(vocab);
const { cls, unk, mask } = tokenizer.special;

describe("a text without end of one kind: the ids of BERT, in linear time", () => {
  const MILLION = 1e6;
  const MANY = 1e5; // tokens

  const idOf = (token: string) => tokenizer.ids(token)[1]!;
  test.each<[string, string, (count: number) => readonly number[]]>([
    ["letters without a space: one word, too long to cut", "a", () => [unk]],
    ["letters under combining marks, which are taken off", "e\u0301\u0327", () => [unk]],
    ["combining marks alone", "\u0301", () => []],
    ["Chinese: every character is a word", "\u6f22", (count) => Array(count).fill(idOf("\u6f22"))],
    ["emoji joined by U+200D, which is taken out", "\u{1f469}\u200d\u{1f467}", () => [unk]],
    ["NUL, which is taken out", "\0", () => []],
    ["U+FFFD, which is taken out", "\ufffd", () => []],
    ["spaces of every kind", " \t\u3000\u00a0", () => []],
    ["punctuation: every sign is a word", "!", (count) => Array(count).fill(idOf("!"))],
    ["brackets that begin a special token", "[", (count) => Array(count).fill(idOf("["))],
    ["special tokens", "[MASK]", (count) => Array(count).fill(mask)],
    ["half of a surrogate pair, which is taken out", "\ud83d", () => []],
    ["words", "dog ", (count) => Array(count).fill(idOf("dog"))],
  ])("%s", (_title, piece, expected) => {
    const makesMany = expected(2).length === 2;
    const text = piece.repeat(makesMany ? MANY : MILLION / piece.length);
    const begun = performance.now();
    const ids = tokenizer.ids(text);
    preCaption(text);
    preQuestion(text);
    expect(performance.now() - begun).toBeLessThan(20_000); // some 2 s; quadratic time would be hours
    const wanted = expected(text.length / piece.length);
    expect(ids.length).toBe(1 + wanted.length);
    expect(ids.every((id, i) => id === (i === 0 ? cls : wanted[i - 1]))).toBe(true);
  });

  test("a caption of 10,000 words is cut to 30 words and to the length asked for", () => {
    const caption = preCaption("dog ".repeat(10_000));
    expect(caption.split(" ")).toHaveLength(30);
    const { inputIds, length } = tokenizer.encode([caption], { maxLength: 30 });
    expect([length, inputIds[0], inputIds[29]]).toEqual([30, cls, idOf("dog")]);
    expect(tokenizer.encode(["dog ".repeat(10_000)], { maxLength: 30 }).inputIds).toEqual(inputIds);
  });

  test("150,000 texts at once", () => {
    expect(tokenizer.encode(Array(150_000).fill("dog")).length).toBe(2);
  });
});

describe("vocab.txt", () => {
  const lines = vocab.trimEnd().split("\n");
  test("lines of Windows, with or without an end", () => {
    for (const text of [lines.join("\r\n"), `${lines.join("\r\n")}\r\n`, lines.join("\n")]) {
      const other = tokenizerFromVocab(text);
      expect([other.size, other.token(other.size - 1)]).toEqual([lines.length, lines.at(-1)]);
      expect(other.ids("a man is riding a horse.")).toEqual(tokenizer.ids("a man is riding a horse."));
    }
  });
  test("a word twice", () => {
    expect(() => tokenizerFromVocab([...lines, lines[7]].join("\n"))).toThrow(
      /line 8 of the vocabulary, .* is there twice/,
    );
  });
  test.each(["[UNK]", "[PAD]", "[CLS]", "[SEP]", "[MASK]"])("%s missing", (token) => {
    const without = lines.filter((line) => line !== token).join("\n");
    expect(() => tokenizerFromVocab(without)).toThrow(`the vocabulary has no ${token}`);
  });
  test("nothing in it, or a page", () => {
    expect(() => tokenizerFromVocab("")).toThrow(/the vocabulary has no \[PAD\]/);
    expect(() => tokenizerFromVocab("<!doctype html>\n<p>not here")).toThrow(/the vocabulary has no \[PAD\]/);
  });
  test("words that objects have of their own", () => {
    const odd = tokenizerFromVocab([...lines, "__proto__", "constructor", "##tostring"].join("\n"));
    expect(odd.size).toBe(lines.length + 3);
    expect(odd.token(lines.length + 1)).toBe("constructor");
    expect(odd.ids("constructor")).toEqual([cls, lines.length + 1]);
  });
});

describe("tokenizer.json", () => {
  const own = JSON.parse(read("weights/albef-mini/tokenizer.json"));
  const withWord = (word: string, id: unknown) => ({
    ...own,
    model: { ...own.model, vocab: { ...own.model.vocab, [word]: id } },
  });
  test("BERT's is read", () => expect(loadTokenizer(own).size).toBe(Object.keys(own.model.vocab).length));
  test.each<[string, object, RegExp]>([
    ["an id that is no number", withWord("dog", "7"), /the id of "dog" must be a whole number, got "7"/],
    ["a negative id", withWord("dog", -1), /the id of "dog" must be a whole number/],
    ["a fraction", withWord("dog", 1.5), /the id of "dog" must be a whole number/],
    ["an added token without an id", { ...own, added_tokens: [{ content: "x" }] }, /the id of "x" must be/],
    [
      "another kind of model",
      { ...own, model: { ...own.model, type: "BPE" } },
      /its model must be WordPiece, got "BPE"/,
    ],
    ["no model", { ...own, model: null }, /its model must be WordPiece, got undefined/],
    [
      "a pattern that never ends",
      { ...own, pre_tokenizer: { type: "Split", pattern: { Regex: "(a+)+$" }, behavior: "Removed" } },
      /its pre_tokenizer must be BertPreTokenizer, got "Split"/,
    ],
    ["a list", [], /its normalizer must be/],
  ])("%s", (_title, json, message) => {
    expect(() => loadTokenizer(json)).toThrow(message);
  });
  test("an id beyond all others counts", () => expect(loadTokenizer(withWord("dog", 1e9)).size).toBe(1e9 + 1));
});
