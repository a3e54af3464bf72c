import { primitives as p, type Tensor, topK } from "@albef/core";
import {
  cachedBertLayer,
  decoderConfig,
  embedTokens,
  type KeysAndValues,
  keysAndValues,
  type TextConfig,
} from "@albef/encoder";
import { type AnswerDecoderParameters, answerLogits } from "./answer-decoder.ts";
import { takeItems } from "./itm-loss.ts";

/** What the decoder's layers read of a question, by layer: states [1, Q, width] -> keys and values [1, Q, width] each. */
export function questionCache(questionStates: Tensor, { layers }: AnswerDecoderParameters): KeysAndValues[] {
  return Array.from(layers.values(), ({ crossAttention }) => keysAndValues(questionStates, crossAttention!));
}

export interface NextWordInputs {
  /** i32 [beams, L]: the answers so far, of which the last word is the newest; what follows is not read. */
  readonly answerIds: Tensor;
  /** i32 [beams]: where in the flattened answerIds each beam's newest word is. */
  readonly newest: Tensor;
  /** f32 [1, L, 1]: 1 at the place of the newest word. */
  readonly place: Tensor;
  /** f32 [1, L], 1 = up to and with the newest word. */
  readonly mask: Tensor;
  /** i32 [beams]: the beam of the step before that each beam goes on from. */
  readonly origins: Tensor;
  /** By layer, [beams, L, width] each: of the words before the newest, as the step before left them. */
  readonly cache: readonly KeysAndValues[];
  /** Of `questionCache`. */
  readonly question: readonly KeysAndValues[];
  /** f32 [1, Q], 1 = keep. */
  readonly questionMask: Tensor;
}

export interface NextWord {
  /** The likeliest next words of each beam, best first: log-probabilities and i32 ids, [beams, k]. */
  readonly logProbabilities: Tensor;
  readonly words: Tensor;
  /** The cache with the newest word in it. */
  readonly cache: readonly KeysAndValues[];
}

/**
 * One step of generation. Every word is run through the decoder once: what attention needs of it stays in the cache, so
 * that a step costs the same however long the answer is.
 */
export function nextWord(
  inputs: NextWordInputs,
  parameters: AnswerDecoderParameters,
  { text, k }: { readonly text: TextConfig; readonly k: number },
): NextWord {
  const config = decoderConfig(text);
  const [beams, length] = inputs.answerIds.shape as readonly [number, number];
  const width = config.hiddenSize;
  const embedded = embedTokens(inputs.answerIds, parameters.embeddings, config);
  const rows = p.gather(p.reshape(embedded, [beams * length, width]), inputs.newest);
  const each = (x: Tensor) => p.broadcastTo(x, [beams, ...x.shape.slice(1)]);
  const shared = { mask: each(inputs.mask), sourceMask: each(inputs.questionMask) };
  const cache: KeysAndValues[] = [];
  let hidden = p.reshape(rows, [beams, 1, width]);
  for (const [i, layer] of [...parameters.layers.values()].entries()) {
    const { keys, values } = inputs.question[i]!;
    const extend = (own: KeysAndValues) => {
      const grown = (kept: Tensor, added: Tensor) => placed(takeItems(kept, inputs.origins), added, inputs.place);
      const before = inputs.cache[i]!;
      cache.push({ keys: grown(before.keys, own.keys), values: grown(before.values, own.values) });
      return cache[i]!;
    };
    hidden = cachedBertLayer(
      hidden,
      layer,
      { extend, source: { keys: each(keys), values: each(values) }, ...shared },
      config,
    );
  }
  const logits = p.reshape(answerLogits(hidden, parameters, text), [beams, config.vocabSize]);
  const best = topK(p.logSoftmax(logits), { k });
  return { logProbabilities: best.values, words: best.indices, cache };
}

/** `added` [beams, 1, width] at the place of kept [beams, L, width]. */
function placed(kept: Tensor, added: Tensor, place: Tensor): Tensor {
  return p.add(p.mul(kept, p.add(p.neg(place), 1)), p.mul(added, place));
}
