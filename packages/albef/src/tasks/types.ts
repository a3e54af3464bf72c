/** What a sentence is to a picture: three probabilities that sum to 1. */
export interface Entailment {
  readonly contradiction: number;
  readonly neutral: number;
  readonly entailment: number;
}

export interface AnswerOptions {
  /** The answers to choose from. Without them an answer is written word by word. */
  readonly candidates?: readonly string[] | undefined;
  /** Answers to return. Default: 5, or as many as there are; without candidates 1. */
  readonly topK?: number | undefined;
  /** Candidates that are scored as a whole, those whose first word is likeliest. Default: 128, as official (`k_test`). */
  readonly rerank?: number | undefined;
  /** Without candidates: answers that are followed at a time; 1 is greedy. Default: 3, and not fewer than topK. */
  readonly beams?: number | undefined;
  /** Without candidates: most tokens of an answer. Default: 8. */
  readonly maxTokens?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Answer {
  readonly answer: string;
  /** 0 to 1: among the candidates that were scored as a whole; without candidates of all that could be said. */
  readonly probability: number;
}
