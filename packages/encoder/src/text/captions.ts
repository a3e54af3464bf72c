const DELETED = /[,.'!?"()*#:;~]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: Python's \s: unlike JavaScript's it holds the separators U+001C to U+001F and U+0085, and not U+FEFF
const SPACES = /[\t-\r\x1c-\x1f \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]{2,}/g;

/**
 * A caption as ALBEF saw captions in training: lower case, without punctuation, at most `maxWords` words.
 * Official: dataset/utils.py pre_caption. An empty result is an error there and here it is "".
 */
export function preCaption(caption: string, maxWords = 30): string {
  expectText("preCaption", caption);
  const plain = withoutPunctuation(caption).replaceAll("<person>", "person").replace(SPACES, " ");
  return firstWords(plain.replace(/\n+$/, "").replace(/^ +| +$/g, ""), maxWords);
}

/** A question as in VQA: as captions, but spaces are kept as they are. Official: dataset/utils.py pre_question. */
export function preQuestion(question: string, maxWords = 30): string {
  expectText("preQuestion", question);
  return firstWords(withoutPunctuation(question).replace(/ +$/, ""), maxWords);
}

function withoutPunctuation(text: string): string {
  return text.toLowerCase().replace(DELETED, "").replaceAll("-", " ").replaceAll("/", " ");
}

function firstWords(text: string, maxWords: number): string {
  return text.split(" ").slice(0, maxWords).join(" ");
}

function expectText(who: string, text: unknown): void {
  if (typeof text !== "string") throw new TypeError(`${who}: expected a string, got ${typeof text}`);
}
