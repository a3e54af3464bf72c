import { CONTRACTIONS } from "./contractions.ts";

const PUNCTUATION = [...';/[]"{}()=+\\_-><@`,?!'];
const COMMA_IN_NUMBER = /\d,\d/;
const LAST_PERIOD = 32; // the official call passes re.UNICODE, which is 32, as the number of replacements
const NUMBERS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
const NUMBER_WORDS = new Map([["none", "0"], ...NUMBERS.map((word, i) => [word, String(i)] as const)]);
const ARTICLES = new Set(["a", "an", "the"]);
const ENOUGH = 3; // annotators that must agree for an answer to be right

/** Punctuation goes, or becomes a space between words (official vqaTools/vqaEval.py processPunctuation). */
export function withoutPunctuation(answer: string): string {
  const hasNumber = COMMA_IN_NUMBER.test(answer);
  let result = answer;
  for (const mark of PUNCTUATION) {
    const joins = hasNumber || answer.includes(`${mark} `) || answer.includes(` ${mark}`);
    result = result.replaceAll(mark, joins ? "" : " ");
  }
  let periods = 0;
  return result.replace(/\.(?!\d)/g, (period) => (periods++ < LAST_PERIOD ? "" : period));
}

/** Lower case, digits for number words, no articles, contractions spelled right (official processDigitArticle). */
export function plainWords(answer: string): string {
  return answer
    .toLowerCase()
    .split(/\s+/)
    .map((word) => NUMBER_WORDS.get(word) ?? word)
    .filter((word) => word !== "" && !ARTICLES.has(word))
    .map((word) => CONTRACTIONS.get(word) ?? word)
    .join(" ");
}

const trimmed = (answer: string) => answer.replace(/[\n\t]/g, " ").trim();

/**
 * How right an answer is, 0 to 1, by what the annotators said: for each of them 1 where three of the others gave this
 * answer, a third or two where fewer did; the mean of that. The annotators' answers lose punctuation where they differ, and
 * nothing else, as in the official code.
 */
export function vqaAccuracy(answer: string, annotated: readonly string[]): number {
  const given = plainWords(withoutPunctuation(trimmed(answer)));
  const plain = annotated.map(trimmed);
  const wanted = new Set(plain).size > 1 ? plain.map(withoutPunctuation) : plain;
  const matches = wanted.filter((one) => one === given).length;
  const shares = wanted.map((one) => Math.min(1, (matches - Number(one === given)) / ENOUGH));
  return shares.reduce((sum, share) => sum + share, 0) / wanted.length;
}

export interface AnsweredQuestion {
  readonly answer: string;
  /** Answers of the annotators, in VQA v2 ten. */
  readonly annotated: readonly string[];
  readonly questionType?: string | undefined;
  readonly answerType?: string | undefined;
}

/** Percentages with two digits, as the official evaluation prints them. */
export interface VqaMetrics {
  readonly overall: number;
  readonly perQuestionType: Readonly<Record<string, number>>;
  readonly perAnswerType: Readonly<Record<string, number>>;
}

/** VQA accuracy over questions, and by their types where these are known (official vqaEval.py evaluate). */
export function vqaMetrics(questions: readonly AnsweredQuestion[]): VqaMetrics {
  const scored = questions.map((question) => ({
    ...question,
    share: vqaAccuracy(question.answer, question.annotated),
  }));
  const by = (typeOf: (question: AnsweredQuestion) => string | undefined) => {
    const groups = new Map<string, number[]>();
    for (const question of scored) {
      const type = typeOf(question);
      if (type !== undefined) groups.set(type, [...(groups.get(type) ?? []), question.share]);
    }
    return Object.fromEntries([...groups].map(([type, shares]) => [type, percent(shares)]));
  };
  return {
    overall: percent(scored.map(({ share }) => share)),
    perQuestionType: by(({ questionType }) => questionType),
    perAnswerType: by(({ answerType }) => answerType),
  };
}

function percent(shares: readonly number[]): number {
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  return Number((100 * mean).toFixed(2));
}
