import { RetrievalError, type ScoreMatrix } from "./retrieval.ts";

/** Percentages, as the official log has them; R@1, R@5, R@10 and their mean. */
export interface Recall {
  readonly r1: number;
  readonly r5: number;
  readonly r10: number;
  readonly mean: number;
}

export interface RetrievalMetrics {
  /** Image to text: the best-ranked caption of each image counts. */
  readonly textRecall: Recall;
  /** Text to image. */
  readonly imageRecall: Recall;
  /** Mean of the two means: what the official code chooses the best checkpoint by. */
  readonly mean: number;
}

/**
 * Recall of rankings in which row i is right where its best-ranked column of `relevant[i]` stands among the first k.
 * Of equal scores the higher index ranks first. A row without a right answer is not asked: in a gallery it distracts.
 */
export function recallAtK(scores: ScoreMatrix, relevant: readonly (readonly number[])[]): Recall {
  if (relevant.length !== scores.rows) {
    throw new RetrievalError(`recall: ${scores.rows} rows need as many lists of right answers, got ${relevant.length}`);
  }
  const ranks = relevant.flatMap((columns, row) => (columns.length > 0 ? [bestRank(scores, row, columns)] : []));
  const within = (k: number) => (100 * ranks.filter((rank) => rank < k).length) / ranks.length;
  const [r1, r5, r10] = [within(1), within(5), within(10)];
  return { r1, r5, r10, mean: (r1 + r5 + r10) / 3 };
}

function bestRank({ columns, data }: ScoreMatrix, row: number, relevant: readonly number[]): number {
  const values = data.subarray(row * columns, (row + 1) * columns);
  let best = Number.POSITIVE_INFINITY;
  for (const column of relevant) {
    const value = values[column];
    if (value === undefined) {
      throw new RetrievalError(`recall: row ${row} names column ${column}, but there are ${columns}`);
    }
    let rank = 0;
    for (let other = 0; other < columns; other++) {
      if (values[other]! > value || (values[other] === value && other > column)) rank++;
    }
    best = Math.min(best, rank);
  }
  return best;
}

/** Both directions of retrieval (official Retrieval.py itm_eval): scores [images, texts] and [texts, images]. */
export function retrievalMetrics(
  { imageToText, textToImage }: { readonly imageToText: ScoreMatrix; readonly textToImage: ScoreMatrix },
  textsOfImage: readonly (readonly number[])[],
  imageOfText: readonly number[],
): RetrievalMetrics {
  const textRecall = recallAtK(imageToText, textsOfImage);
  const imageRecall = recallAtK(
    textToImage,
    imageOfText.map((image) => [image]),
  );
  return { textRecall, imageRecall, mean: (textRecall.mean + imageRecall.mean) / 2 };
}
