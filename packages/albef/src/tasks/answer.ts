import { rankAnswers } from "@albef/heads";
import { readPixels } from "../model/images.ts";
import type { LoadedModel } from "../model/load.ts";
import type { ImageInput } from "../types.ts";
import { type Candidates, candidateLossesOf, openCandidates } from "./candidates.ts";
import { generate } from "./generate.ts";
import { type AskedQuestion, ask } from "./question.ts";
import { expectAnswerDecoder } from "./task-heads.ts";
import type { Answer, AnswerOptions } from "./types.ts";

const TOP = 5;
const RERANK = 128; // official k_test
const BEAMS = 3;
const MAX_TOKENS = 8;

/** Candidates by probability, at most topK of them (official model_vqa.py rank_answer). */
export async function ranked(
  model: LoadedModel,
  question: AskedQuestion,
  candidates: Candidates,
  { rerank = RERANK, topK = TOP, signal }: AnswerOptions,
): Promise<Answer[]> {
  const answers = await rankAnswers({
    k: wholeNumber("rerank", rerank),
    firstWords: candidates.firstWords,
    firstLogProbabilities: question.firstLogProbabilities,
    losses: (places) => candidateLossesOf(model, question, candidates, { places, signal }),
  });
  return answers
    .slice(0, wholeNumber("topK", topK))
    .map(({ candidate, probability }) => ({ answer: candidates.texts[candidate]!, probability }));
}

/** Answers a question to a picture: the likeliest of the candidates, or in its own words. Throws MissingHeadError. */
export async function answer(
  model: LoadedModel,
  image: ImageInput,
  question: string,
  options: AnswerOptions = {},
): Promise<Answer[]> {
  expectAnswerDecoder(model);
  const { candidates, signal } = options;
  const opened = candidates && openCandidates(model, candidates);
  const pixels = await readPixels(image, model.config.vision.imageSize, signal);
  const [encoded] = await model.engine.encodeImages([pixels], { signal });
  return answerAsked(model, await ask(model, encoded!.states, question), opened, options);
}

/** Answers to a question that was seen with its picture: of candidates, or without any in the model's own words. */
export async function answerAsked(
  model: LoadedModel,
  asked: AskedQuestion,
  candidates: Candidates | undefined,
  options: AnswerOptions,
): Promise<Answer[]> {
  if (candidates) return ranked(model, asked, candidates, options);
  const topK = wholeNumber("topK", options.topK ?? 1);
  const beams = wholeNumber("beams", options.beams ?? Math.max(BEAMS, topK));
  const maxTokens = wholeNumber("maxTokens", options.maxTokens ?? MAX_TOKENS);
  const found = await generate(model, asked, { ...options, beams, maxTokens });
  return found.slice(0, topK);
}

function wholeNumber(name: string, value: number): number {
  if (Number.isInteger(value) && value > 0) return value;
  throw new RangeError(`answer: ${name} must be a positive whole number, got ${value}`);
}
