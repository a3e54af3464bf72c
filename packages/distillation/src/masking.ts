import { type Draw, drawInteger } from "@albef/encoder";
import { IGNORED_LABEL } from "@albef/heads";

/** The random choices for texts [batch, L]: three coins and a word for every place, as the official code draws them. */
export interface MaskingDraws {
  /** 1 where a word is to be hidden. */
  readonly hidden: ArrayLike<number>;
  /** 1 where a hidden word becomes [MASK]. */
  readonly replaced: ArrayLike<number>;
  /** 1 where a hidden word that is not replaced becomes a random one. */
  readonly randomised: ArrayLike<number>;
  /** The random words. */
  readonly words: ArrayLike<number>;
}

export interface MaskingOptions {
  readonly vocabSize: number;
  /** Share of words that are hidden. Official: 0.15. */
  readonly probability: number;
}

const REPLACED = 0.8;
const RANDOMISED = 0.5; // of the rest

/** Draws for `count` places from a place-addressed generator, so that a resumed run hides the same words. */
export function drawMasking(count: number, draw: Draw, { vocabSize, probability }: MaskingOptions): MaskingDraws {
  const coins = (chance: number) => Uint8Array.from({ length: count }, () => (draw() < chance ? 1 : 0));
  return {
    hidden: coins(probability),
    replaced: coins(REPLACED),
    randomised: coins(RANDOMISED),
    words: Int32Array.from({ length: count }, () => drawInteger(draw, vocabSize)),
  };
}

export interface SpecialIds {
  readonly pad: number;
  readonly cls: number;
  readonly sep: number;
  readonly mask: number;
}

export interface MaskedTexts {
  readonly inputIds: Int32Array;
  /** The hidden word, IGNORED_LABEL elsewhere. */
  readonly labels: Int32Array;
}

/**
 * Hides words (paper section 3.2): of those drawn 80 % become [MASK], 10 % a random word, 10 % stay. [PAD] and [CLS] are
 * never hidden, nor is [SEP] unless `faithful` (the official code leaves it unprotected; ALBEF's captions have none).
 */
export function maskWords(
  inputIds: ArrayLike<number>,
  draws: MaskingDraws,
  tokens: SpecialIds,
  { faithful = false }: { readonly faithful?: boolean } = {},
): MaskedTexts {
  const kept = new Set(faithful ? [tokens.pad, tokens.cls] : [tokens.pad, tokens.cls, tokens.sep]);
  const masked = Int32Array.from(inputIds);
  const labels = new Int32Array(masked.length).fill(IGNORED_LABEL);
  for (const [i, id] of masked.entries()) {
    if (!draws.hidden[i] || kept.has(id)) continue;
    labels[i] = id;
    if (draws.replaced[i]) masked[i] = tokens.mask;
    else if (draws.randomised[i]) masked[i] = draws.words[i]!;
  }
  return { inputIds: masked, labels };
}
