import { primitives as p, type Tensor, type Tracer, trace } from "@albef/core";
import { parameterSource, parseConfig, type TextConfig } from "@albef/encoder";
import {
  type AnswerInputs,
  answerDecoderParameters,
  candidateLosses,
  firstWordLogProbabilities,
  rankAnswers,
} from "@albef/heads";
import { type Check, checkOutputs } from "../check.ts";
import { asFloat, asInt } from "../read-tensors.ts";
import type { RecordedCase } from "../recorded-case.ts";
import { type Compiled, type Runner, weightsFrom } from "../runner.ts";

/** Both stages of the ranking, question by question: `questionStates` [questions, Q, width]. */
export async function rankingChecks(
  recorded: RecordedCase,
  runner: Runner,
  questionStates: ArrayLike<number>,
): Promise<Check[]> {
  const [questions] = recorded.tensor("in.question_mask").shape as readonly [number];
  const ids = asInt(recorded.tensor("in.candidate_ids"));
  const [count, length] = recorded.tensor("in.candidate_ids").shape as readonly [number, number];
  const firstWords = Array.from({ length: count }, (_, i) => ids[i * length + 1]!);
  const k = Math.min(recorded.field<number>("k_test"), count);
  using programs = await compilePrograms(recorded, runner, k);
  const outputs: Record<string, number[]> = {};
  const note = (name: string, values: readonly number[]) => {
    outputs[`rank.${name}`] = [...(outputs[`rank.${name}`] ?? []), ...values];
  };
  for (let question = 0; question < questions; question++) {
    const asked = questionAt(recorded, questionStates, question);
    const first = (await programs.first.run({ ...asked, ...clsOnly(recorded) })).logProbabilities!;
    note(
      "first_token_probs",
      firstWords.map((word) => Math.exp(first[word]!)),
    );
    const kept: number[] = [];
    const ranked = await rankAnswers({
      ...{ k, firstWords, firstLogProbabilities: first },
      async losses(candidates) {
        kept.push(...candidates);
        const { losses } = await programs.whole.run({ ...asked, ...candidateData(recorded, candidates) });
        note("answer_loss", Array.from(losses!));
        return losses!;
      },
    });
    const scoreOf = new Map(ranked.map(({ candidate, logScore }) => [candidate, logScore]));
    note(
      "log_probs_sum",
      kept.map((candidate) => scoreOf.get(candidate)!),
    );
    note(
      "topk_ids",
      ranked.map(({ candidate }) => candidate),
    );
    note(
      "topk_probs",
      ranked.map(({ probability }) => probability),
    );
  }
  return checkOutputs(recorded, outputs);
}

interface Programs extends Disposable {
  readonly first: Compiled;
  readonly whole: Compiled;
}

async function compilePrograms(recorded: RecordedCase, runner: Runner, k: number): Promise<Programs> {
  const { text } = parseConfig(recorded.json.config);
  const weights = weightsFrom(await recorded.weights());
  const answerLength = recorded.tensor("in.candidate_ids").shape[1]!;
  const compile = (answers: number, length: number, name: string, build: Build) => {
    const graph = trace((tracer) => {
      const parameters = answerDecoderParameters(parameterSource(tracer), text);
      return { [name]: build(inputsOf(tracer, recorded, [answers, length]), parameters, text) };
    });
    return runner.compile(graph, weights);
  };
  const first = await compile(1, 1, "logProbabilities", firstWordLogProbabilities);
  const whole = await compile(k, answerLength, "losses", candidateLosses);
  return {
    first,
    whole,
    [Symbol.dispose]() {
      first[Symbol.dispose]();
      whole[Symbol.dispose]();
    },
  };
}

type Build = (inputs: AnswerInputs, parameters: ReturnType<typeof answerDecoderParameters>, text: TextConfig) => Tensor;

/** One question for `answers` answers. */
function inputsOf(tracer: Tracer, recorded: RecordedCase, [answers, length]: readonly [number, number]): AnswerInputs {
  const { text } = parseConfig(recorded.json.config);
  const questionLength = recorded.tensor("in.question_mask").shape[1]!;
  const shared = (name: string, ...shape: number[]) => {
    const given = tracer.input(name, { dtype: "f32", shape: [1, ...shape] });
    return p.broadcastTo(given, [answers, ...shape]);
  };
  return {
    answerIds: tracer.input("answerIds", { dtype: "i32", shape: [answers, length] }),
    answerMask: tracer.input("answerMask", { dtype: "f32", shape: [answers, length] }),
    questionStates: shared("questionStates", questionLength, text.hiddenSize),
    questionMask: shared("questionMask", questionLength),
  };
}

function questionAt(recorded: RecordedCase, states: ArrayLike<number>, question: number) {
  const mask = recorded.tensor("in.question_mask");
  const [questions, length] = mask.shape as readonly [number, number];
  const size = states.length / questions;
  return {
    questionStates: Float32Array.from({ length: size }, (_, i) => states[question * size + i]!),
    questionMask: asFloat(mask).slice(question * length, (question + 1) * length),
  };
}

function clsOnly(recorded: RecordedCase) {
  const { tokens } = parseConfig(recorded.json.config);
  return { answerIds: Int32Array.of(tokens.cls), answerMask: Float32Array.of(1) };
}

function candidateData(recorded: RecordedCase, candidates: readonly number[]) {
  const length = recorded.tensor("in.candidate_ids").shape[1]!;
  const rows = <T extends Int32Array | Float32Array>(all: T) =>
    candidates.flatMap((candidate) => [...all.subarray(candidate * length, (candidate + 1) * length)]);
  return {
    answerIds: Int32Array.from(rows(asInt(recorded.tensor("in.candidate_ids")))),
    answerMask: Float32Array.from(rows(asFloat(recorded.tensor("in.candidate_mask")))),
  };
}
