import { type EncodeOptions, tokenizerFromVocab } from "@albef/encoder";
import { checkEqual } from "../check.ts";
import type { PlainFamily } from "../family.ts";

interface Single {
  readonly text: string;
  readonly tokens: readonly string[];
  readonly ids: readonly number[];
}

/** Arguments of the official tokenizer's call. */
interface CallArguments {
  readonly padding: "longest" | "max_length";
  readonly truncation?: boolean;
  readonly max_length?: number;
}

interface Batch {
  readonly use: string;
  readonly args: CallArguments;
  readonly texts: readonly string[];
  readonly input_ids: readonly (readonly number[])[];
  readonly attention_mask: readonly (readonly number[])[];
}

/** Word pieces and ids of single texts, and batches padded and cut as each official script does. */
export const tokenizer: PlainFamily = {
  needs: "nothing",
  async run(recorded) {
    const subject = tokenizerFromVocab(new TextDecoder().decode(await recorded.read("vocab.txt")));
    const single = recorded.field<readonly Single[]>("single");
    const batches = recorded.field<readonly Batch[]>("batches").flatMap(({ use, args, texts, ...expected }) => {
      const { inputIds, attentionMask, length } = subject.encode(texts, optionsOf(args));
      return [
        checkEqual(`${use}: ids`, rowsOf(inputIds, length), expected.input_ids),
        checkEqual(`${use}: mask`, rowsOf(attentionMask, length), expected.attention_mask),
      ];
    });
    const tokens = (rows: readonly Single[]) => rows.map((row) => row.tokens);
    const ids = (rows: readonly Single[]) => rows.map((row) => row.ids);
    const own = single.map(({ text }) => ({ text, tokens: subject.tokens(text), ids: subject.ids(text) }));
    return [
      checkEqual("special ids", subject.special, recorded.field("special_ids")),
      checkEqual(`tokens of ${single.length} texts`, tokens(own), tokens(single)),
      checkEqual(`ids of ${single.length} texts`, ids(own), ids(single)),
      ...batches,
    ];
  },
};

/** Without truncation, a maximal length cuts nothing. */
function optionsOf({ padding, truncation, max_length: length }: CallArguments): EncodeOptions {
  return {
    ...(truncation && length !== undefined && { maxLength: length }),
    ...(padding === "max_length" && length !== undefined && { padTo: length }),
  };
}

function rowsOf(values: ArrayLike<number>, length: number): number[][] {
  const all = Array.from(values);
  return Array.from({ length: all.length / length }, (_, row) => all.slice(row * length, (row + 1) * length));
}
