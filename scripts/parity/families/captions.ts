import { preCaption, preQuestion } from "@albef/encoder";
import { type Check, checkEqual } from "../check.ts";
import type { PlainFamily } from "../family.ts";

interface Cleaned {
  readonly text: string;
  readonly max_words: number;
  readonly result: string;
}

/** The clean-up of captions and questions. */
export const captions: PlainFamily = {
  needs: "nothing",
  async run(recorded) {
    const compare = (field: string, clean: (text: string, maxWords: number) => string): Check => {
      const rows = recorded.field<readonly Cleaned[]>(field);
      const results = rows.map(({ text, max_words }) => clean(text, max_words));
      return checkEqual(
        `${field}: ${rows.length} texts`,
        results,
        rows.map(({ result }) => result),
      );
    };
    return [compare("pre_caption", preCaption), compare("pre_question", preQuestion)];
  },
};
