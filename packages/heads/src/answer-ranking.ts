import { primitives as p, type Tensor } from "@albef/core";
import type { TextConfig } from "@albef/encoder";
import {
  type AnswerDecoderParameters,
  type AnswerInputs,
  answerLogits,
  answerStates,
  withoutLast,
} from "./answer-decoder.ts";
import { answerLosses, answerTargets } from "./answer-loss.ts";

/** Log-probabilities of an answer's first word, [questions, V]; `answerIds` and `answerMask` hold [CLS] alone. */
export function firstWordLogProbabilities(
  inputs: AnswerInputs,
  parameters: AnswerDecoderParameters,
  text: TextConfig,
): Tensor {
  const logits = answerLogits(answerStates(inputs, parameters, text), parameters, text);
  return p.reshape(p.logSoftmax(logits), [logits.shape[0]!, logits.shape[2]!]);
}

/** -log likelihood of whole answers, [answers]. */
export function candidateLosses(inputs: AnswerInputs, parameters: AnswerDecoderParameters, text: TextConfig): Tensor {
  const { answerIds, answerMask } = inputs;
  const states = answerStates(
    { ...inputs, answerIds: withoutLast(answerIds), answerMask: withoutLast(answerMask) },
    parameters,
    text,
  );
  const targets = answerTargets(answerIds, answerMask);
  return answerLosses(answerLogits(states, parameters, text), { targets });
}

export interface AnswerScores {
  /** Candidates that the second stage scores; official: 128. */
  readonly k: number;
  /** The first word of each candidate. */
  readonly firstWords: ArrayLike<number>;
  /** Log-probabilities of the first word, by token id. */
  readonly firstLogProbabilities: ArrayLike<number>;
  /** -log likelihood of the candidates of these places, in their order. */
  losses(candidates: readonly number[]): Promise<ArrayLike<number>>;
}

export interface RankedAnswer {
  /** Place in the list of candidates. */
  readonly candidate: number;
  /** Among the k of the second stage: 0 to 1, together 1. */
  readonly probability: number;
  /** log p(first word) - loss, of which the probability is the softmax. */
  readonly logScore: number;
}

/**
 * Ranking in two stages (official model_vqa.py rank_answer): the k candidates whose first word is likeliest, ordered by
 * log p(first word) + log p(whole answer). As in the official code the first word therefore counts twice. Of candidates
 * that are alike the one that comes first in the list goes first.
 */
export async function rankAnswers({
  k,
  firstWords,
  firstLogProbabilities,
  losses,
}: AnswerScores): Promise<RankedAnswer[]> {
  const first = Array.from(firstWords, (word) => firstLogProbabilities[word]!);
  const chosen = Array.from(first.keys())
    .sort((a, b) => first[b]! - first[a]! || a - b)
    .slice(0, k);
  const costs = await losses(chosen);
  const scores = chosen.map((candidate, i) => first[candidate]! - costs[i]!);
  const top = Math.max(...scores);
  const total = scores.reduce((sum, score) => sum + Math.exp(score - top), 0);
  return chosen
    .map((candidate, i) => {
      const logScore = scores[i]!;
      return { candidate, logScore, probability: Math.exp(logScore - top) / total };
    })
    .sort((a, b) => b.logScore - a.logScore);
}
