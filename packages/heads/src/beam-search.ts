/** An answer that is being written. */
interface Beam {
  readonly words: readonly number[];
  readonly logProbability: number;
}

/** The likeliest next words of each beam, best first: [beams, k] each, row by row. */
export interface NextWords {
  readonly logProbabilities: ArrayLike<number>;
  readonly words: ArrayLike<number>;
}

export interface BeamSearchOptions {
  /** Answers that are followed at a time; 1 is greedy. */
  readonly beams: number;
  /** Most words of an answer, the one that ends it not counted. */
  readonly maxWords: number;
  /** The word that ends an answer, [SEP]. */
  readonly end: number;
  /**
   * Next words after the beams' words so far; `origins`: for each beam the one of the call before that it goes on from.
   * There are as many rows as beams were given; k is 1 for greedy, else 2 * beams, so that ended ones leave enough.
   */
  next(beams: readonly (readonly number[])[], origins: readonly number[]): Promise<NextWords>;
}

export interface GeneratedAnswer {
  readonly words: readonly number[];
  /** Of the whole answer and, where it is complete, of ending there. */
  readonly logProbability: number;
  /** False where the answer was cut off at `maxWords`. */
  readonly isComplete: boolean;
}

/**
 * The likeliest answers word by word, best first, by the probability of the whole. Ends once no beam can overtake the best
 * `beams` answers that are complete; where none is within `maxWords`, those that were cut off are given.
 */
export async function beamSearch({ beams, maxWords, end, next }: BeamSearchOptions): Promise<GeneratedAnswer[]> {
  const complete: Beam[] = [];
  let alive: Beam[] = [{ words: [], logProbability: 0 }];
  let origins = [0];
  const worst = () => (complete.length < beams ? Number.NEGATIVE_INFINITY : complete[beams - 1]!.logProbability);
  for (let length = 0; length <= maxWords && alive.length > 0 && alive[0]!.logProbability > worst(); length++) {
    const found = await next(
      alive.map(({ words }) => words),
      origins,
    );
    const grown = continuations(alive, found);
    complete.push(...grown.filter(({ word }) => word === end));
    complete.sort(byProbability);
    const open = grown.filter(({ word }) => word !== end).slice(0, beams);
    if (length === maxWords) break;
    origins = open.map(({ origin }) => origin);
    alive = open.map(({ words, word, logProbability }) => ({ words: [...words, word], logProbability }));
  }
  const isComplete = complete.length > 0;
  return (isComplete ? complete : alive)
    .slice(0, beams)
    .map(({ words, logProbability }) => ({ words, logProbability, isComplete }));
}

function continuations(alive: readonly Beam[], { logProbabilities, words }: NextWords) {
  const k = words.length / alive.length;
  return alive
    .flatMap((beam, origin) =>
      Array.from({ length: k }, (_, i) => ({
        ...{ origin, words: beam.words, word: words[origin * k + i]! },
        logProbability: beam.logProbability + logProbabilities[origin * k + i]!,
      })),
    )
    .sort(byProbability);
}

function byProbability(a: Beam, b: Beam): number {
  return b.logProbability - a.logProbability;
}
