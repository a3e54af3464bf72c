import { type VqaMetrics, vqaMetrics } from "@albef/heads";
import { ModelFileError } from "../errors.ts";
import type { LoadedModel } from "../model/load.ts";
import { answerAsked } from "../tasks/answer.ts";
import { openCandidates } from "../tasks/candidates.ts";
import { ask } from "../tasks/question.ts";
import { expectAnswerDecoder } from "../tasks/task-heads.ts";
import type { AnswerOptions } from "../tasks/types.ts";
import { type ByImageOptions, byImage } from "./by-image.ts";
import type { AnnotatedQuestion, QuestionEntry } from "./task-annotations.ts";

/** An entry of the official result file. */
export interface QuestionResult {
  readonly question_id: number | string;
  readonly answer: string;
}

/** Answers all questions; the results are as the VQA server takes them. Throws MissingHeadError. */
export async function answerQuestions(
  model: LoadedModel,
  questions: readonly QuestionEntry[],
  { candidates, rerank, ...options }: ByImageOptions & Pick<AnswerOptions, "candidates" | "rerank">,
): Promise<QuestionResult[]> {
  expectAnswerDecoder(model);
  const opened = candidates && openCandidates(model, candidates);
  const one = async (states: Float32Array, { question_id, question }: QuestionEntry): Promise<QuestionResult> => {
    const asked = await ask(model, states, question);
    const [best] = await answerAsked(model, asked, opened, { rerank, topK: 1, signal: options.signal });
    return { question_id, answer: best!.answer };
  };
  const work = async (states: Float32Array, own: readonly QuestionEntry[]) => {
    const results: QuestionResult[] = [];
    for (const entry of own) results.push(await one(states, entry));
    return results;
  };
  return byImage(model, questions, work, options);
}

/** VQA accuracy of results by what the annotators said. Throws ModelFileError where a question was not annotated. */
export function scoreAnswers(
  results: readonly QuestionResult[],
  annotations: ReadonlyMap<string, AnnotatedQuestion>,
): VqaMetrics {
  return vqaMetrics(
    results.map(({ question_id, answer }) => {
      const found = annotations.get(String(question_id));
      if (!found) throw new ModelFileError(`annotations: hold no question ${question_id}`);
      const { answers, ...types } = found;
      return { answer, annotated: answers, ...types };
    }),
  );
}
