import { batchesOf } from "../model/batches.ts";
import { readPixels } from "../model/images.ts";
import type { LoadedModel } from "../model/load.ts";
import { tokenizeCaptions } from "../model/texts.ts";
import { comparisons } from "../tasks/compare.ts";
import { expectPairHead } from "../tasks/task-heads.ts";
import type { ImageInput } from "../types.ts";
import type { NlvrStatement } from "./nlvr-annotations.ts";

export interface NlvrEvaluationOptions {
  /** The image of a path. */
  open(path: string): ImageInput;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Statements that are decoded and encoded at a time. */
const SLICE = 8;

/** The share of the statements that are judged rightly (official NLVR.py `evaluate`). Throws MissingHeadError. */
export async function evaluateNlvr(
  model: LoadedModel,
  statements: readonly NlvrStatement[],
  { open, onProgress, signal }: NlvrEvaluationOptions,
): Promise<{ readonly accuracy: number; readonly probabilities: readonly number[] }> {
  expectPairHead(model);
  const { engine, tokenizer, config } = model;
  const probabilities: number[] = [];
  const texts = tokenizeCaptions(
    statements.map(({ text }) => text),
    tokenizer,
    config,
    { maxTokens: config.text.maxPositions },
  );
  for (const { begin, size } of batchesOf(statements.length, [1, SLICE])) {
    signal?.throwIfAborted();
    const part = statements.slice(begin, begin + size);
    const pixels = await Promise.all(
      part.flatMap(({ images }) => images.map((path) => readPixels(open(path), config.vision.imageSize, signal))),
    );
    const images = await engine.encodeImages(pixels, { signal });
    const encoded = await engine.encodeTexts(texts.slice(begin, begin + size), { signal });
    const pairs = encoded.map((text, i) => ({
      ...{ text, first: images[2 * i]!.states, second: images[2 * i + 1]!.states },
    }));
    probabilities.push(...(await comparisons(model, pairs, { signal })));
    onProgress?.(probabilities.length, statements.length);
  }
  const right = statements.filter(({ isTrue }, i) => isTrue === probabilities[i]! > 0.5).length;
  return { accuracy: right / statements.length, probabilities };
}
