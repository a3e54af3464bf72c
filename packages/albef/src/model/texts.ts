import { type AlbefConfig, preCaption, type Tokenizer } from "@albef/encoder";
import { bucketOf } from "./batches.ts";

/** A tokenized text, padded. */
export interface TextTokens {
  readonly inputIds: Int32Array;
  readonly attentionMask: Float32Array;
}

/** Longest caption in tokens, [CLS] included (official retrieval evaluation). */
const MAX_TOKENS = 30;
/** The length of short texts: no program of a single search is for less. */
export const SHORTEST = 8;
/** Few lengths for few texts, so that few programs compile. */
const LENGTHS = [SHORTEST, 16, MAX_TOKENS];
/** From so many texts on what padding costs is more than what compiling for finer lengths does. */
const MANY = 32;

/**
 * Captions cleaned and tokenized, each padded to a length near its own: what is computed is close to what there are tokens.
 * Throws where a text has no word.
 */
export function tokenizeCaptions(
  texts: readonly string[],
  tokenizer: Tokenizer,
  { text }: AlbefConfig,
  { maxTokens = MAX_TOKENS }: { readonly maxTokens?: number } = {},
): TextTokens[] {
  const maxLength = Math.min(maxTokens, text.maxPositions);
  return texts.map((given) => {
    const caption = preCaption(given);
    if (caption === "") throw new RangeError(`text ${JSON.stringify(given)} has no word to search for`);
    const ids = tokenizer.ids(caption).slice(0, maxLength);
    const padTo = Math.min(maxLength, paddedLength(ids.length, texts.length, maxLength));
    const inputIds = new Int32Array(padTo).fill(tokenizer.special.pad);
    inputIds.set(ids);
    return { inputIds, attentionMask: new Float32Array(padTo).fill(1, 0, ids.length) };
  });
}

function paddedLength(length: number, texts: number, maxLength: number): number {
  if (texts < MANY) return bucketOf(length, [...LENGTHS, maxLength]);
  return 2 * Math.ceil(length / 2); // at most one token of padding
}
