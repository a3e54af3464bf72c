import { plainWords, vqaAccuracy, vqaMetrics, withoutPunctuation } from "@albef/heads";
import { type Check, checkEqual } from "../check.ts";
import type { PlainFamily } from "../family.ts";

interface Normalised {
  readonly text: string;
  readonly after_punctuation: string;
  readonly after_digit_article: string;
}

interface Question {
  readonly id: number;
  readonly ground_truth: readonly string[];
  readonly answer: string;
  readonly accuracy: number;
  readonly question_type: string;
  readonly answer_type: string;
}

/** VQA accuracy: how answers are normalised, each question's share, the sums by type. */
export const vqaEval: PlainFamily = {
  needs: "nothing",
  async run(recorded) {
    const questions = recorded.field<readonly Question[]>("questions");
    const { overall, perQuestionType, perAnswerType } = vqaMetrics(
      questions.map(({ answer, ground_truth, question_type, answer_type }) => ({
        ...{ answer, annotated: ground_truth, questionType: question_type, answerType: answer_type },
      })),
    );
    return [
      ...recorded.field<readonly Normalised[]>("normalise").flatMap(normaliseChecks),
      ...questions.map(({ id, answer, ground_truth, accuracy }) =>
        checkEqual(`question ${id}`, Number((100 * vqaAccuracy(answer, ground_truth)).toFixed(2)), accuracy),
      ),
      checkEqual("overall", overall, recorded.field("overall")),
      checkEqual("per_question_type", perQuestionType, recorded.field("per_question_type")),
      checkEqual("per_answer_type", perAnswerType, recorded.field("per_answer_type")),
    ];
  },
};

function normaliseChecks({ text, after_punctuation, after_digit_article }: Normalised): Check[] {
  const plain = withoutPunctuation(text);
  return [
    checkEqual(`${text}: punctuation`, plain, after_punctuation),
    checkEqual(`${text}: words`, plainWords(plain), after_digit_article),
  ];
}
