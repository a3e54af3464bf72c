import { IGNORED_LABEL } from "@albef/heads";
import { expect, test } from "vitest";
import { drawMasking, maskWords } from "./masking.ts";

const tokens = { pad: 0, cls: 101, sep: 102, mask: 103 };
const all = (value: number) => Array(6).fill(value);

test("a text worked by hand: [MASK], a random word, the word itself; [CLS], [SEP] and [PAD] stay", () => {
  const ids = [101, 7, 8, 9, 102, 0];
  const draws = { hidden: all(1), replaced: [1, 1, 0, 0, 1, 1], randomised: [1, 1, 1, 0, 1, 1], words: all(55) };
  const masked = maskWords(ids, draws, tokens);
  expect([...masked.inputIds]).toEqual([101, 103, 55, 9, 102, 0]);
  const none = IGNORED_LABEL;
  expect([...masked.labels]).toEqual([none, 7, 8, 9, none, none]);
  const faithful = maskWords(ids, draws, tokens, { faithful: true });
  expect([...faithful.inputIds]).toEqual([101, 103, 55, 9, 103, 0]);
  expect(faithful.labels[4]).toBe(102);
});

test("drawn in the official shares", () => {
  let state = 1;
  const draw = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const count = 20_000;
  const { hidden, replaced, randomised, words } = drawMasking(count, draw, { vocabSize: 128, probability: 0.15 });
  const share = (coins: ArrayLike<number>) => Array.from(coins).reduce((sum, coin) => sum + coin, 0) / count;
  expect(share(hidden)).toBeCloseTo(0.15, 1);
  expect(share(replaced)).toBeCloseTo(0.8, 1);
  expect(share(randomised)).toBeCloseTo(0.5, 1);
  expect(Math.max(...Array.from(words))).toBe(127);
});
