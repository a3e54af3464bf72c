import { primitives as p, type Tensor } from "@albef/core";
import {
  type BertEmbeddingParameters,
  type BertLayers,
  type BlockRun,
  bertEmbeddingParameters,
  bertLayersParameters,
  bertStack,
  decoderConfig,
  embedTokens,
  enter,
  type ParameterSource,
  type TextConfig,
} from "@albef/encoder";
import { type MlmParameters, mlmLogits, mlmParameters } from "./mlm.ts";

/** The answer decoder of VQA: a causal BERT whose layers all attend to the question, with a tied word head. */
export interface AnswerDecoderParameters {
  readonly embeddings: BertEmbeddingParameters;
  readonly layers: BertLayers;
  readonly head: MlmParameters;
}

/** `text_decoder`: as many layers as the multimodal encoder (official model_vqa.py). `text` is the encoder's configuration. */
export function answerDecoderParameters(source: ParameterSource, text: TextConfig): AnswerDecoderParameters {
  const config = decoderConfig(text);
  const bert = source.scope("text_decoder.bert");
  return {
    embeddings: bertEmbeddingParameters(bert.scope("embeddings"), config),
    layers: bertLayersParameters(bert, config, { begin: 0, end: config.numLayers }),
    head: mlmParameters(source.scope("text_decoder"), config),
  };
}

export interface AnswerInputs {
  /** i32 [answers, L]: [CLS], the words, [SEP], padding. */
  readonly answerIds: Tensor;
  /** f32 [answers, L], 1 = keep. */
  readonly answerMask: Tensor;
  /** [answers, Q, width]: for each answer its question after the multimodal encoder. */
  readonly questionStates: Tensor;
  /** f32 [answers, Q], 1 = keep. */
  readonly questionMask: Tensor;
}

/**
 * The decoder's states [answers, L, width]: place t has seen the answer up to and with its token t, and the question. `run`:
 * how its layers are run; they stay in 32 bits, as the question's states are.
 */
export function answerStates(
  { answerIds, answerMask, questionStates, questionMask }: AnswerInputs,
  { embeddings, layers }: AnswerDecoderParameters,
  text: TextConfig,
  { dtype: _, ...run }: BlockRun = {},
): Tensor {
  const config = decoderConfig(text);
  const inputs = {
    ...{ attentionMask: answerMask, causal: true },
    ...{ encoderStates: questionStates, encoderMask: questionMask },
  };
  const embedded = enter(embedTokens(answerIds, embeddings, config), run);
  return bertStack(embedded, layers, inputs, { config, ...run }).hidden;
}

/** States [answers, L, width] -> logits over the vocabulary for the token that follows each place, [answers, L, V]. */
export function answerLogits(states: Tensor, { head }: AnswerDecoderParameters, text: TextConfig): Tensor {
  return mlmLogits(states, head, text);
}

/** All places of x [answers, L, ...] but the last: those that another token follows. */
export function withoutLast(x: Tensor): Tensor {
  const [answers, length, ...rest] = x.shape as readonly [number, number, ...number[]];
  return p.slice(x, [0, 0, ...rest.map(() => 0)], [answers, length - 1, ...rest]);
}
