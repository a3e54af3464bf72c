import { writeFileSync } from "node:fs";
import { answerQuestions, scoreAnswers } from "../evaluate/answers.ts";
import { parseAnswerAnnotations, parseAnswerList, parseQuestions } from "../evaluate/task-annotations.ts";
import type { Command } from "./command.ts";
import { EVAL_USAGE, type EvalArguments, evalArguments, imagesIn, textOf, withModel } from "./eval-options.ts";
import { progressBar, table, UsageError } from "./terminal.ts";

const K_TEST = 128;

export const evalVqa: Command = {
  usage: `albef eval vqa MODEL --questions FILE.json --images FOLDER [options]
  --answers FILE.json      answers to choose from (answer_list.json); without them the model writes its own
  --annotations FILE.json  what people answered, as VQA v2 lists it: accuracy is printed
  --out FILE.json          the answers, in the official result format
  --k-test N               candidates that are scored as a whole (${K_TEST})
${EVAL_USAGE}`,
  async run(args) {
    const call = evalArguments(args, ["questions", "images"], ["answers", "annotations", "out", "k-test"]);
    const { questions: file, answers, annotations, out } = call.values;
    if (annotations === undefined && out === undefined) {
      throw new UsageError("give --annotations to measure by, or --out to write the answers to");
    }
    const questions = parseQuestions(textOf(file!), file!);
    const candidates = answers === undefined ? undefined : parseAnswerList(textOf(answers), answers);
    const said = annotations === undefined ? undefined : parseAnswerAnnotations(textOf(annotations), annotations);
    await withModel(call, async (model) => {
      const bar = progressBar("answering");
      const options = { read: imagesIn(call), onProgress: bar.update, candidates, rerank: kTest(call) };
      const results = await answerQuestions(model, questions, options);
      bar.end();
      if (out) writeFileSync(out, `${JSON.stringify(results)}\n`);
      const from = candidates ? `chosen from ${candidates.length} answers` : "in the model's words";
      console.log(`${questions.length} questions, ${from}`);
      if (said) console.log(report(scoreAnswers(results, said)));
    });
  },
};

function kTest({ values }: EvalArguments): number {
  const k = Number(values["k-test"] ?? K_TEST);
  if (Number.isInteger(k) && k > 0) return k;
  throw new UsageError(`--k-test must be 1 or more, got ${values["k-test"]}`);
}

function report({ overall, perAnswerType, perQuestionType }: ReturnType<typeof scoreAnswers>): string {
  const types = Object.entries({ ...perAnswerType, ...perQuestionType }).map(([type, share]) => [
    type,
    share.toFixed(2),
  ]);
  return table([["VQA accuracy", overall.toFixed(2)], ...types]);
}
