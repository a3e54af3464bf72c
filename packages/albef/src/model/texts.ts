import { type AlbefConfig, preCaption, type Tokenizer } from "@albef/encoder";
import { bucketOf } from "./batches.ts";

/** A tokenized text, padded. */
export interface TextTokens {
  readonly inputIds: Int32Array;
  readonly attentionMask: Float32Array;
}

/** Longest caption in tokens, [CLS] included (official retrieval evaluation). */
const MAX_TOKENS = 30;
/** The length of short texts: no program is for less. */
export const SHORTEST = 8;
/** Few lengths, so that few programs compile. */
const LENGTHS = [SHORTEST, 16, MAX_TOKENS];

/** Captions cleaned, tokenized and padded to one length. Throws where a text has no word. */
export function tokenizeCaptions(
  texts: readonly string[],
  tokenizer: Tokenizer,
  { text }: AlbefConfig,
  { maxTokens = MAX_TOKENS }: { readonly maxTokens?: number } = {},
): TextTokens[] {
  if (texts.length === 0) return [];
  const maxLength = Math.min(maxTokens, text.maxPositions);
  const cleaned = texts.map((given) => {
    const caption = preCaption(given);
    if (caption === "") throw new RangeError(`text ${JSON.stringify(given)} has no word to search for`);
    return caption;
  });
  const longest = tokenizer.encode(cleaned, { maxLength }).length;
  const padTo = Math.min(maxLength, bucketOf(longest, [...LENGTHS, maxLength]));
  const { inputIds, attentionMask, length } = tokenizer.encode(cleaned, { maxLength, padTo });
  return texts.map((_, i) => ({
    inputIds: inputIds.slice(i * length, (i + 1) * length),
    attentionMask: attentionMask.slice(i * length, (i + 1) * length),
  }));
}
