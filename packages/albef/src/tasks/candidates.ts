import { batchesOf } from "../model/batches.ts";
import type { LoadedModel } from "../model/load.ts";
import { candidateGraph } from "./answer-graphs.ts";
import type { AskedQuestion } from "./question.ts";
import { padded } from "./tokens.ts";

/** Answers to choose from, tokenized once: [CLS], the words, [SEP]. */
export interface Candidates {
  readonly texts: readonly string[];
  readonly ids: readonly (readonly number[])[];
  readonly firstWords: Int32Array;
}

/** Throws RangeError where there is none, or one has no word. */
export function openCandidates({ tokenizer, config }: LoadedModel, texts: readonly string[]): Candidates {
  if (texts.length === 0) throw new RangeError("answer: candidates is empty; give at least one, or leave it out");
  const ids = texts.map((text) => [...tokenizer.ids(text), config.tokens.sep]);
  const empty = ids.findIndex((row) => row.length < 3); // [CLS] and [SEP] alone
  if (empty >= 0) throw new RangeError(`answer: candidate ${JSON.stringify(texts[empty])} has no word`);
  return { texts, ids, firstWords: Int32Array.from(ids, ([, first]) => first!) };
}

/** Logits of all places over the whole vocabulary are in memory at a time: what bounds a batch. */
const LOGIT_BYTES = 2 ** 25;
const LARGEST_BATCH = 32;

export interface CandidateChoice {
  readonly signal?: AbortSignal | undefined;
  readonly places: readonly number[];
}

/** -log likelihood of the candidates of these places as answers to the question. */
export async function candidateLossesOf(
  { config, engine }: LoadedModel,
  { states, mask }: AskedQuestion,
  candidates: Candidates,
  { places, signal }: CandidateChoice,
): Promise<Float32Array> {
  const rows = places.map((place) => candidates.ids[place]!);
  const { length, inputIds, attentionMask } = padded(rows, config.tokens.pad, config.text.maxPositions);
  const bytes = length * config.text.vocabSize * 4;
  const largest = Math.max(1, Math.min(LARGEST_BATCH, Math.floor(LOGIT_BYTES / bytes)));
  const losses = new Float32Array(places.length);
  for (const { begin, size } of batchesOf(places.length, largest === 1 ? [1] : [1, largest])) {
    signal?.throwIfAborted();
    const shape = { answers: size, answerLength: length, questionLength: mask.length };
    const name = `answers ${size} x ${length}, question ${mask.length}`;
    const program = await engine.programs.get(name, () => candidateGraph(engine.plan, shape));
    const part = [begin * length, (begin + size) * length] as const;
    const result = await program.run({
      ...{ answerIds: inputIds.slice(...part), answerMask: attentionMask.slice(...part) },
      ...{ questionStates: states, questionMask: mask },
    });
    losses.set(result.losses as Float32Array, begin);
  }
  return losses;
}
