import type { Graph, Program } from "@albef/core";
import { beamSearch, type GeneratedAnswer, type NextWords } from "@albef/heads";
import type { LoadedModel } from "../model/load.ts";
import { serial } from "../storage/serial.ts";
import {
  cacheTensors,
  intoCaches,
  nextWordData,
  nextWordGraph,
  questionCacheGraph,
  type WriterShape,
} from "./generation-graphs.ts";
import type { AskedQuestion } from "./question.ts";
import type { Answer } from "./types.ts";

export interface GenerateOptions {
  readonly signal?: AbortSignal | undefined;
  readonly beams: number;
  readonly maxTokens: number;
}

/** Answers in the model's own words, best first. */
export async function generate(
  model: LoadedModel,
  question: AskedQuestion,
  options: GenerateOptions,
): Promise<Answer[]> {
  const found = await writtenAnswers(model, question, options);
  return found.map(({ words, logProbability }) => ({
    answer: model.tokenizer.decode(words),
    probability: Math.exp(logProbability),
  }));
}

/** Answers token by token, with keys and values of those before kept on the device. */
export async function writtenAnswers(
  model: LoadedModel,
  question: AskedQuestion,
  { beams, maxTokens, signal }: GenerateOptions,
): Promise<GeneratedAnswer[]> {
  const { config, engine } = model;
  const shape = { beams, length: maxTokens + 1, questionLength: question.mask.length };
  const name = `generation, ${beams} beams of ${maxTokens}, question ${question.mask.length}`;
  const writer = await engine.programs.keep(name, () => openWriter(model, shape));
  return writer.alone(async () => {
    await writer.begin(question);
    const next = (prefixes: readonly (readonly number[])[], origins: readonly number[]) => {
      signal?.throwIfAborted();
      return writer.next(prefixes, origins);
    };
    return beamSearch({ beams, maxWords: maxTokens, end: config.tokens.sep, next });
  });
}

/** Two programs with the caches between them. One answer at a time. */
interface Writer extends Disposable {
  alone<T>(work: () => Promise<T>): Promise<T>;
  /** Computes what the decoder reads of the question. */
  begin(question: AskedQuestion): Promise<void>;
  next(prefixes: readonly (readonly number[])[], origins: readonly number[]): Promise<NextWords>;
}

async function openWriter({ config, engine, origin }: LoadedModel, shape: WriterShape): Promise<Writer> {
  const { executor, plan } = engine;
  const cache = await executor.upload(cacheTensors(config.text, shape));
  const programs: Program[] = [];
  const dispose = () => {
    for (const program of programs) program.dispose();
    cache.dispose();
  };
  const compile = async (graph: Graph, kind: "own" | "question") => {
    const into = intoCaches(kind, config.text, shape);
    const program = await executor.compile(graph, [origin.store, cache], { into });
    programs.push(program);
    return program;
  };
  try {
    const reader = await compile(questionCacheGraph(plan, shape), "question");
    const writer = await compile(nextWordGraph(plan, shape), "own");
    let questionMask = new Float32Array();
    return {
      alone: serial(),
      async begin({ states, mask }) {
        questionMask = Float32Array.from(mask);
        await reader.run({ questionStates: states });
      },
      async next(prefixes, origins) {
        const inputs = nextWordData(prefixes, origins, { ...shape, cls: config.tokens.cls });
        const { logProbabilities, words } = await writer.run({ ...inputs, questionMask });
        const kept = (prefixes.length * words!.length) / shape.beams;
        return { logProbabilities: logProbabilities!.slice(0, kept), words: words!.slice(0, kept) };
      },
      [Symbol.dispose]: dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}
