import { loadTokenizer, SPECIAL, type Tokenizer } from "./tokenizer.ts";

/** A tokenizer from the lines of a vocab.txt, as bert-base-uncased has it. */
export function tokenizerFromVocab(vocab: string): Tokenizer {
  const lines = vocab.replace(/\r?\n$/, "").split(/\r?\n/);
  const places = new Map(lines.map((token, index) => [token, index]));
  const again = lines.findIndex((token, index) => places.get(token) !== index);
  if (again >= 0)
    throw new Error(`tokenizer: line ${again + 1} of the vocabulary, ${JSON.stringify(lines[again])}, is there twice`);
  const added = Object.values(SPECIAL).map((content) => ({
    id: places.get(content) ?? -1,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }));
  return loadTokenizer({
    version: "1.0",
    added_tokens: added.filter((token) => token.id >= 0),
    normalizer: {
      type: "BertNormalizer",
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: null,
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    model: {
      type: "WordPiece",
      unk_token: SPECIAL.unk,
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(places),
    },
  });
}
