import { type TrainingBatch, vqaTask } from "@albef/distillation";
import { checkpointMap, preQuestion } from "@albef/encoder";
import type { LoadedModel } from "../model/load.ts";
import { shapesOf } from "../model/stored-values.ts";
import { isTaskParameter } from "../model/weights.ts";
import { answerAsked } from "../tasks/answer.ts";
import { openCandidates } from "../tasks/candidates.ts";
import { ask } from "../tasks/question.ts";
import { FinetuneError } from "./errors.ts";
import { type OpenedLesson, taskGoal } from "./goals.ts";
import { accuracyOver, type Lesson, listOf } from "./lesson.ts";
import type { QuestionItem, TaskOptions } from "./task-types.ts";
import type { UsedPair } from "./used-pair.ts";

const MAX_TOKENS = 25; // of a question in training (official VQA.py)

/** An answer to a question and its share among those given. */
interface WeightedAnswer {
  readonly answer: string;
  readonly weight: number;
}

/** Visual question answering (official VQA.py). Throws FinetuneError where a question has no answer. */
export async function vqaLesson(
  model: LoadedModel,
  items: Iterable<QuestionItem> | AsyncIterable<QuestionItem>,
  { faithful = false }: TaskOptions,
): Promise<OpenedLesson> {
  const list = await listOf(items);
  const answers = list.map(weighted);
  const wordless = answers.findIndex((own) => own.length === 0);
  if (wordless >= 0) throw new FinetuneError(`vqa: item ${wordless + 1} has no answer`);
  const tokens = answerTokens(model, answers);
  const candidates = [...new Set(answers.flatMap((own) => own.map(({ answer }) => answer)))];
  const lesson: Lesson = {
    rampsAlpha: true,
    ...decoderStart(model),
    task: ({ batch, length }, distill) =>
      vqaTask({
        shape: { batch, length, answers: batch * tokens.most, answerLength: tokens.length },
        ...{ distill, faithful },
      }),
    targets: (chosen) => tokens.batchOf(chosen.map(({ place }) => answers[place]!)),
    measure: (current, heldOut) => measured(current, heldOut, { candidates, given: ({ place }) => answers[place]! }),
  };
  return {
    goal: taskGoal({ name: "vqa", maxTokens: MAX_TOKENS, lesson }, faithful),
    pairs: list.map(({ question, answer: _, ...item }) => ({ ...item, caption: preQuestion(question) })),
  };
}

/** Each answer once, by the share of people who gave it; the likeliest first. */
function weighted({ answer }: QuestionItem): WeightedAnswer[] {
  const given = (typeof answer === "string" ? [answer] : answer).map((one) => one.trim()).filter((one) => one !== "");
  const counts = new Map<string, number>();
  for (const one of given) counts.set(one, (counts.get(one) ?? 0) + 1);
  return [...counts]
    .map(([one, count]) => ({ answer: one, weight: count / given.length }))
    .sort((a, b) => b.weight - a.weight);
}

/**
 * The decoder as the official loading fills it: from the layers, embeddings and word head of the pre-trained encoder. Of
 * them the word head learns in full.
 */
function decoderStart({ origin, config }: LoadedModel) {
  const shapes = shapesOf(origin);
  const { sources } = checkpointMap("vqa", shapes.keys(), config);
  return {
    isHead: (name: string) => name.startsWith("text_decoder.cls."),
    sources: new Map([...sources].filter(([name]) => isTaskParameter(name, config) && !shapes.has(name))),
    async startValue(name: string): Promise<undefined> {
      if (!name.startsWith("text_decoder.")) return undefined;
      throw new FinetuneError(
        `vqa: the answer decoder starts from pre-trained weights with their masked-language head; these fill no ${name}`,
      );
    },
  };
}

/** All answers in one shape, so that one program serves every batch; what is left over has weight 0. */
function answerTokens({ tokenizer, config }: LoadedModel, answers: readonly (readonly WeightedAnswer[])[]) {
  const { cls, sep, pad } = config.tokens;
  const idsOf = (answer: string) => [...tokenizer.ids(answer), sep];
  const length = Math.max(...answers.flat().map(({ answer }) => idsOf(answer).length));
  const most = Math.max(...answers.map((own) => own.length));
  return {
    ...{ most, length },
    batchOf(chosen: readonly (readonly WeightedAnswer[])[]): TrainingBatch {
      const rows = chosen.flatMap((own, owner) =>
        own.map(({ answer, weight }) => ({ ids: idsOf(answer), weight, owner })),
      );
      while (rows.length < chosen.length * most) rows.push({ ids: [cls], weight: 0, owner: 0 });
      const answerIds = new Int32Array(rows.length * length).fill(pad);
      const answerMask = new Float32Array(rows.length * length);
      for (const [i, { ids }] of rows.entries()) {
        answerIds.set(ids, i * length);
        answerMask.fill(1, i * length, i * length + ids.length);
      }
      return {
        ...{ answerIds, answerMask },
        answerWeights: Float32Array.from(rows, ({ weight }) => weight),
        answerOwners: Int32Array.from(rows, ({ owner }) => owner),
      };
    },
  };
}

interface MeasureOptions {
  readonly candidates: readonly string[];
  given(pair: UsedPair): readonly WeightedAnswer[];
}

function measured(model: LoadedModel, heldOut: readonly UsedPair[], { candidates, given }: MeasureOptions) {
  const opened = openCandidates(model, candidates);
  return accuracyOver(model, heldOut, async (states, pair) => {
    const [best] = await answerAsked(model, await ask(model, states, pair.captions[0]), opened, { topK: 1 });
    const most = given(pair)[0]!.weight;
    return given(pair).some(({ answer, weight }) => weight === most && answer === best!.answer);
  });
}
