import { preQuestion } from "@albef/encoder";
import type { LoadedModel } from "../model/load.ts";
import { questionGraph } from "./answer-graphs.ts";
import { padded, wordsOf } from "./tokens.ts";

const MAX_WORDS = 50; // of a question, official vqa_dataset.py in the test

/** A question seen with its picture. */
export interface AskedQuestion {
  /** f32 [length, width] */
  readonly states: Float32Array;
  /** f32 [length], 1 = keep. */
  readonly mask: Float32Array;
  /** f32 [V]: of the first word of an answer. */
  readonly firstLogProbabilities: Float32Array;
}

/** A question to a picture that is encoded: f32 [tokens, width]. */
export async function ask(
  { config, engine, tokenizer }: LoadedModel,
  imageStates: Float32Array,
  question: string,
): Promise<AskedQuestion> {
  const rows = wordsOf([question], tokenizer, (text) => preQuestion(text, MAX_WORDS));
  const { length, ...text } = padded(rows, config.tokens.pad, config.text.maxPositions);
  const build = () => questionGraph(engine.plan, length);
  const program = await engine.programs.get(`question ${length}`, build);
  const { states, logProbabilities } = await program.run({ ...text, image: imageStates });
  return {
    states: states as Float32Array,
    mask: text.attentionMask,
    firstLogProbabilities: logProbabilities as Float32Array,
  };
}
