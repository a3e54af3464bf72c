import type { AlbefConfig } from "@albef/encoder";
import { drawMasking, maskWords } from "../masking.ts";

/** Uniform numbers, the same in every run. */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Pictures of one colour each and texts of one word each: a batch of 4 pairs that can be told apart. */
export function pairsOf({ vision, text, tokens }: AlbefConfig, first: number) {
  const draw = generator(first + 1);
  const pixels = 3 * vision.imageSize ** 2;
  const image = Float32Array.from({ length: 4 * pixels }, (_, i) =>
    Math.sin(first + 2.4 * Math.floor(i / pixels) + (i % 7)),
  );
  const inputIds = Int32Array.from(
    { length: 4 * 8 },
    (_, i) => [101, 10 + first + Math.floor(i / 8), 20, 30 + first][i % 8] ?? 0,
  );
  const attentionMask = Float32Array.from(inputIds, (id) => Number(id !== 0));
  const masking = { vocabSize: text.vocabSize, probability: 0.5 };
  const masked = maskWords(inputIds, drawMasking(inputIds.length, draw, masking), tokens);
  const ids = Int32Array.from({ length: 4 }, (_, i) => first * 4 + i);
  const words = { inputIds, attentionMask, maskedIds: masked.inputIds, wordLabels: masked.labels };
  return { image, ...words, ids, seed: Uint32Array.of(first) };
}
