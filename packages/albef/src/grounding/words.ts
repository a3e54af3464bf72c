import type { Tokenizer } from "@albef/encoder";

export interface WordRows {
  readonly word: string;
  /** Places of its pieces among the tokens. */
  readonly rows: readonly number[];
}

/** The words of a cleaned caption with the tokens that they became; those that were cut off are left out. */
export function wordRows(caption: string, tokenizer: Tokenizer, tokens: number): WordRows[] {
  let next = 1; // [CLS] is first
  return caption
    .split(" ")
    .map((word) => {
      const pieces = tokenizer.ids(word).length - 1;
      const rows = Array.from({ length: pieces }, (_, i) => next + i).filter((row) => row < tokens);
      next += pieces;
      return { word, rows };
    })
    .filter(({ rows }) => rows.length > 0);
}

/** Throws RangeError where the text has no such word. */
export function rowsOfWord(words: readonly WordRows[], word: string | number): readonly number[] {
  const found = typeof word === "number" ? words[word] : words.find((one) => one.word === word.trim().toLowerCase());
  if (found) return found.rows;
  const known = words.map((one, i) => `${i} ${JSON.stringify(one.word)}`).join(", ");
  throw new RangeError(`ground: the text has no word ${JSON.stringify(word)}; its words are ${known || "none"}`);
}
