import type { Tokenizer } from "@albef/encoder";

/** Lengths are padded to multiples of this, so that few programs compile. */
const STEP = 8;

/** A padded batch of texts, of which none was cut. */
export interface PaddedTexts {
  /** [texts, length] */
  readonly inputIds: Int32Array;
  /** [texts, length], 1 = keep. */
  readonly attentionMask: Float32Array;
  readonly length: number;
}

/** Rows of ids padded to one length. Throws RangeError where a text is longer than the model has places for. */
export function padded(rows: readonly (readonly number[])[], pad: number, maxPositions: number): PaddedTexts {
  const longest = Math.max(...rows.map((row) => row.length));
  if (longest > maxPositions) {
    throw new RangeError(`text of ${longest} tokens: the model has places for ${maxPositions}`);
  }
  const length = Math.min(maxPositions, Math.ceil(longest / STEP) * STEP);
  const inputIds = new Int32Array(rows.length * length).fill(pad);
  const attentionMask = new Float32Array(rows.length * length);
  for (const [i, row] of rows.entries()) {
    inputIds.set(row, i * length);
    attentionMask.fill(1, i * length, i * length + row.length);
  }
  return { inputIds, attentionMask, length };
}

/** The ids of cleaned texts, [CLS] first, uncut as the downstream tasks have them. Throws RangeError where one is empty. */
export function wordsOf(texts: readonly string[], tokenizer: Tokenizer, clean: (text: string) => string): number[][] {
  return texts.map((text) => {
    const cleaned = clean(text);
    if (cleaned.trim() === "") throw new RangeError(`text ${JSON.stringify(text)} has no word`);
    return tokenizer.ids(cleaned);
  });
}
