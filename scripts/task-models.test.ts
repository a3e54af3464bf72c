import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { answerQuestions } from "../packages/albef/src/evaluate/answers.ts";
import { evaluateEntailment } from "../packages/albef/src/evaluate/entailment.ts";
import { evaluateNlvr } from "../packages/albef/src/evaluate/nlvr.ts";
import { parseNlvr } from "../packages/albef/src/evaluate/nlvr-annotations.ts";
import {
  parseAnswerAnnotations,
  parseAnswerList,
  parseEntailment,
  parseQuestions,
} from "../packages/albef/src/evaluate/task-annotations.ts";
import { type LoadedModel, loadModel } from "../packages/albef/src/model/load.ts";

const weights = fileURLToPath(new URL("../weights/", import.meta.url));
const textOf = (name: string) => readFileSync(`${weights}tasks/${name}.json`, "utf8");
const open = (path: string) => new Uint8Array(readFileSync(`${weights}tasks/${path}`));

const loaded: LoadedModel[] = [];
afterAll(() => {
  for (const model of loaded) model.dispose();
});
async function opened(name: string): Promise<LoadedModel> {
  const model = await loadModel(`${weights}${name}`, { device: "wasm" });
  loaded.push(model);
  return model;
}

test("albef-mini-scenes judges held-out sentences and answers held-out questions by the pictures", async () => {
  const model = await opened("albef-mini-scenes");
  const sentences = parseEntailment(textOf("ve-held-out"), "ve").slice(0, 60);
  const { accuracy, given } = await evaluateEntailment(model, sentences, { read: open });
  expect(accuracy).toBeGreaterThan(72); // 66.7 where the wording alone is read
  const told = given.entailment.entailment + given.contradiction.contradiction;
  expect(told).toBeGreaterThanOrEqual(26); // of 40, whose wording tells nothing; by chance with a probability of 4 %

  const colours = parseQuestions(textOf("vqa-held-out"), "vqa").filter(({ question }) =>
    question.startsWith("what color"),
  );
  const asked = colours.slice(0, 8);
  const results = await answerQuestions(model, asked, {
    candidates: parseAnswerList(textOf("answer-list"), "list"),
    read: open,
  });
  const said = parseAnswerAnnotations(textOf("vqa-held-out-annotations"), "annotations");
  const right = results.filter(({ question_id, answer }) => said.get(String(question_id))!.answers.includes(answer));
  expect(right.length).toBeGreaterThanOrEqual(4); // of 8; each has eleven colours to choose from
}, 120_000);

test("albef-mini-pairs judges held-out statements about two pictures", async () => {
  const statements = parseNlvr(textOf("nlvr2-held-out"), "nlvr2").slice(0, 60);
  const { accuracy } = await evaluateNlvr(await opened("albef-mini-pairs"), statements, { open });
  expect(accuracy).toBeGreaterThanOrEqual(0.55);
}, 120_000);
