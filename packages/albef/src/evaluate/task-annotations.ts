import { ENTAILMENT_LABELS, type EntailmentLabel } from "@albef/heads";
import { ModelFileError } from "../errors.ts";
import { brief, type Fields, listOf, parseJson, wrongEntry } from "./json-list.ts";

/** An entry of the official SNLI-VE files: `{image, sentence, label}`. */
export interface EntailmentEntry {
  readonly image: string;
  readonly sentence: string;
  readonly label: EntailmentLabel;
}

/** An entry of the official `vqa_*.json`: `{question_id, image, question}`, in training files with `answer`. */
export interface QuestionEntry {
  readonly question_id: number | string;
  readonly image: string;
  readonly question: string;
}

/** What the annotators of a question said, as the files of VQA v2 list it. */
export interface AnnotatedQuestion {
  readonly answers: readonly string[];
  readonly questionType?: string | undefined;
  readonly answerType?: string | undefined;
}

/** Throws ModelFileError, which names the entry that is wrong. */
export function parseEntailment(json: string, where: string): EntailmentEntry[] {
  return listOf(parseJson(json, where), where).map((entry, index) => {
    const { image, sentence, label } = entry;
    const known = ENTAILMENT_LABELS.find((one) => one === label);
    if ((typeof image === "string" || typeof image === "number") && typeof sentence === "string" && known) {
      return { image: withExtension(String(image)), sentence, label: known };
    }
    throw wrongEntry(where, index, `an image, a sentence and a label of ${ENTAILMENT_LABELS.join(", ")}`, entry);
  });
}

/** SNLI-VE names the pictures of Flickr30K by their number. */
function withExtension(image: string): string {
  return /\.\w+$/.test(image) ? image : `${image}.jpg`;
}

/** Throws ModelFileError, which names the entry that is wrong. */
export function parseQuestions(json: string, where: string): QuestionEntry[] {
  return listOf(parseJson(json, where), where).map((entry, index) => {
    const { image, question } = entry;
    const id = entry.question_id;
    if (typeof image === "string" && typeof question === "string" && isId(id)) {
      return { question_id: id, image, question };
    }
    throw wrongEntry(where, index, "a question_id, an image path and a question", entry);
  });
}

/** `answer_list.json`: a list of strings. Throws ModelFileError. */
export function parseAnswerList(json: string, where: string): string[] {
  const list = parseJson(json, where);
  if (Array.isArray(list) && list.length > 0 && list.every((one) => typeof one === "string")) return list as string[];
  throw new ModelFileError(`${where}: must hold a list of answers, got ${brief(list)}`);
}

/** The annotations of VQA v2, by question id: `{annotations: [{question_id, answers: [{answer}], ...}]}`. Throws ModelFileError. */
export function parseAnswerAnnotations(json: string, where: string): Map<string, AnnotatedQuestion> {
  const { annotations } = (parseJson(json, where) ?? {}) as Fields;
  return new Map(
    listOf(annotations, `${where}: annotations`).map((entry, index) => {
      const given = Array.isArray(entry.answers) ? entry.answers.map((one) => (one as Fields | null)?.answer) : [];
      const answers = given.filter((one) => typeof one === "string");
      if (!isId(entry.question_id) || answers.length === 0 || answers.length !== given.length) {
        throw wrongEntry(where, index, "a question_id and answers", entry);
      }
      const type = (name: string) => (typeof entry[name] === "string" ? (entry[name] as string) : undefined);
      const types = { questionType: type("question_type"), answerType: type("answer_type") };
      return [String(entry.question_id), { answers, ...types }] as const;
    }),
  );
}

function isId(value: unknown): value is number | string {
  return typeof value === "number" || typeof value === "string";
}
