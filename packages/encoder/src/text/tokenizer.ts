import { Tokenizer as WordPieceTokenizer } from "@huggingface/tokenizers";

export interface EncodeOptions {
  /** Longest sequence, [CLS] included; longer ones are cut. Default: no limit. */
  readonly maxLength?: number;
  /** Length that every sequence is padded to; default: the longest of the batch. */
  readonly padTo?: number;
}

/** A padded batch: row b holds [CLS], the word pieces and then [PAD]. */
export interface EncodedText {
  /** [batch, length] */
  readonly inputIds: Int32Array<ArrayBuffer>;
  /** [batch, length], 1 = a token, 0 = padding */
  readonly attentionMask: Float32Array<ArrayBuffer>;
  readonly batch: number;
  readonly length: number;
}

export interface SpecialTokens {
  readonly pad: number;
  readonly unk: number;
  readonly cls: number;
  readonly sep: number;
  readonly mask: number;
}

/** WordPiece as ALBEF uses it: [CLS] in front and no [SEP] behind (models/tokenization_bert.py). */
export interface Tokenizer {
  readonly special: SpecialTokens;
  /** One more than the largest id. */
  readonly size: number;
  encode(texts: readonly string[], options?: EncodeOptions): EncodedText;
  /** Ids of one text, [CLS] first. */
  ids(text: string): number[];
  tokens(text: string): string[];
  token(id: number): string | undefined;
  /** Text without special tokens and padding. */
  decode(ids: Iterable<number>): string;
}

export const SPECIAL = { pad: "[PAD]", unk: "[UNK]", cls: "[CLS]", sep: "[SEP]", mask: "[MASK]" } as const;

/** The parts that BERT's tokenizer has. Those of others may be given patterns on which a search never ends. */
const PARTS = {
  normalizer: "BertNormalizer",
  pre_tokenizer: "BertPreTokenizer",
  model: "WordPiece",
  decoder: "WordPiece",
} as const;

/** A tokenizer from the contents of tokenizer.json (and tokenizer_config.json). */
export function loadTokenizer(tokenizerJson: object, tokenizerConfig: object = {}): Tokenizer {
  const size = vocabularySize(tokenizerJson as TokenizerJson);
  let tokenizer: WordPieceTokenizer;
  try {
    tokenizer = new WordPieceTokenizer(tokenizerJson, tokenizerConfig);
  } catch (cause) {
    throw new Error(`tokenizer: cannot be read (${String(cause)})`, { cause });
  }
  const id = (token: string): number => {
    const found = tokenizer.token_to_id(token);
    if (found === undefined) throw new Error(`tokenizer: the vocabulary has no ${token}`);
    return found;
  };
  const special: SpecialTokens = {
    pad: id(SPECIAL.pad),
    unk: id(SPECIAL.unk),
    cls: id(SPECIAL.cls),
    sep: id(SPECIAL.sep),
    mask: id(SPECIAL.mask),
  };
  const ids = (text: string): number[] => {
    if (typeof text !== "string") throw new TypeError(`tokenizer: expected a string, got ${typeof text}`);
    return [special.cls, ...tokenizer.encode(text, { add_special_tokens: false }).ids];
  };
  const unspoken = new Set([special.pad, special.cls, special.sep, special.mask]);
  return {
    special,
    size,
    ids,
    encode: (texts, options = {}) => padBatch(texts.map(ids), special.pad, options),
    tokens: (text) => tokenizer.tokenize(text, { add_special_tokens: false }),
    token: (tokenId) => tokenizer.id_to_token(tokenId),
    decode: (tokenIds) =>
      joinPieces(
        [...tokenIds]
          .filter((tokenId) => !unspoken.has(tokenId))
          .map((tokenId) => tokenizer.id_to_token(tokenId) ?? SPECIAL.unk),
      ),
  };
}

interface TokenizerJson
  extends Partial<Record<keyof typeof PARTS, { readonly type?: unknown; readonly vocab?: unknown } | null>> {
  readonly added_tokens?: unknown;
}

/** Throws unless these are the parts of a BERT tokenizer whose ids are whole numbers. */
function vocabularySize(json: TokenizerJson): number {
  for (const [part, type] of Object.entries(PARTS)) {
    const given = json[part as keyof typeof PARTS]?.type;
    if (given !== type) throw new Error(`tokenizer: its ${part} must be ${type}, got ${JSON.stringify(given)}`);
  }
  const added = Array.isArray(json.added_tokens) ? json.added_tokens : [];
  const tokens = [
    ...Object.entries(json.model!.vocab ?? {}),
    ...added.map((token) => [String(token?.content), token?.id] as const),
  ];
  return tokens.reduce((size, [token, id]) => {
    if (Number.isSafeInteger(id) && id >= 0) return Math.max(size, id + 1);
    throw new Error(`tokenizer: the id of ${JSON.stringify(token)} must be a whole number, got ${JSON.stringify(id)}`);
  }, 0);
}

function padBatch(rows: readonly (readonly number[])[], pad: number, { maxLength, padTo }: EncodeOptions): EncodedText {
  if (rows.length === 0) throw new RangeError("tokenizer: an empty batch has no length; give at least one text");
  const cut = rows.map((row) => (maxLength === undefined ? row : row.slice(0, maxLength)));
  const length = padTo ?? cut.reduce((longest, row) => Math.max(longest, row.length), 0);
  const inputIds = new Int32Array(rows.length * length).fill(pad);
  const attentionMask = new Float32Array(rows.length * length);
  for (const [b, row] of cut.entries()) {
    if (row.length > length)
      throw new RangeError(`tokenizer: ${row.length} tokens do not fit padTo ${length}; give maxLength too`);
    inputIds.set(row, b * length);
    attentionMask.fill(1, b * length, b * length + row.length);
  }
  return { inputIds, attentionMask, batch: rows.length, length };
}

function joinPieces(pieces: readonly string[]): string {
  return pieces.join(" ").replaceAll(" ##", "");
}
