import { expect, test } from "vitest";
import { ModelFileError } from "../errors.ts";
import { parseAnswerAnnotations, parseAnswerList, parseEntailment, parseQuestions } from "./task-annotations.ts";

test("official files: SNLI-VE by the picture's number, questions, answers of VQA v2 with their types", () => {
  const ve = [{ image: 36979, sentence: "a man runs", label: "neutral" }];
  expect(parseEntailment(JSON.stringify(ve), "ve.json")[0]!.image).toBe("36979.jpg");
  const questions = [{ question_id: 7, image: "test2015/7.jpg", question: "how many?", dataset: "vqa" }];
  expect(parseQuestions(JSON.stringify(questions), "q.json")).toEqual([
    { question_id: 7, image: "test2015/7.jpg", question: "how many?" },
  ]);
  const answers = [{ answer: "2", answer_confidence: "yes", answer_id: 1 }, { answer: "two" }];
  const annotations = [{ question_id: 7, question_type: "how many", answer_type: "number", answers }];
  expect(parseAnswerAnnotations(JSON.stringify({ annotations }), "a.json").get("7")).toEqual({
    ...{ answers: ["2", "two"], questionType: "how many", answerType: "number" },
  });
});

test.each<[(json: string, where: string) => unknown, string, string]>([
  [parseEntailment, "no JSON", "is not JSON"],
  [parseEntailment, "[]", "holds no entry"],
  [parseEntailment, '[{"image": "a.jpg", "sentence": "x", "label": "maybe"}]', "entry 0 must hold an image"],
  [parseQuestions, '[{"image": "a.jpg", "question": "x"}]', "entry 0 must hold a question_id"],
  [parseQuestions, '{"questions": []}', "must hold a list"],
  [parseAnswerList, '{"a": 1}', "must hold a list of answers"],
  [parseAnswerAnnotations, "[]", "annotations: must hold a list"],
  [parseAnswerAnnotations, '{"annotations": [{"question_id": 1, "answers": [{}]}]}', "entry 0 must hold"],
])("%o refuses %s", (parse, json, problem) => {
  expect(() => parse(json, "file.json")).toThrow(ModelFileError);
  expect(() => parse(json, "file.json")).toThrow(problem);
});
