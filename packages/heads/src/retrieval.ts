/** Scores of rows against columns, row-major. */
export interface ScoreMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float32Array;
}

/** What the official evaluation gives to pairs that were not re-ranked. */
export const UNRANKED_SCORE = -100;

export class RetrievalError extends Error {
  override readonly name = "RetrievalError";
}

export function scoreMatrix(rows: number, columns: number, data: Float32Array): ScoreMatrix {
  if (data.length !== rows * columns) {
    throw new RetrievalError(`score matrix: ${rows} x ${columns} needs ${rows * columns} values, got ${data.length}`);
  }
  const bad = data.findIndex((value) => Number.isNaN(value));
  if (bad >= 0)
    throw new RetrievalError(`score matrix: row ${Math.floor(bad / columns)}, column ${bad % columns} is NaN`);
  return { rows, columns, data };
}

export function transposeScores({ rows, columns, data }: ScoreMatrix): ScoreMatrix {
  const result = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) result[column * rows + row] = data[row * columns + column]!;
  }
  return { rows: columns, columns: rows, data: result };
}

/** Columns of one row by falling score, of equal scores the higher index first, as the official ranks have it. */
export function rankRow(scores: ScoreMatrix, row: number, k = scores.columns): number[] {
  const values = scores.data.subarray(row * scores.columns, (row + 1) * scores.columns);
  return Array.from(values.keys())
    .sort((a, b) => values[b]! - values[a]! || b - a)
    .slice(0, k);
}

export interface RerankOptions {
  /** Candidates per row that go to the multimodal encoder: 256 for COCO, 128 for Flickr30K. */
  readonly kTest: number;
  /** ITM logits of class 1 for one row and the candidate columns, in their order. */
  score(row: number, columns: readonly number[]): Promise<ArrayLike<number>>;
  onProgress?(rowsDone: number, rows: number): void;
  readonly signal?: AbortSignal;
}

/**
 * Two-stage ranking (official Retrieval.py evaluation): the `kTest` columns most similar to each row are scored by the
 * multimodal encoder; all other pairs get -100. Similarities serve the choice only.
 */
export async function rerank(similarities: ScoreMatrix, options: RerankOptions): Promise<ScoreMatrix> {
  const { kTest, score, onProgress, signal } = options;
  const { rows, columns } = similarities;
  if (!Number.isInteger(kTest) || kTest < 1) throw new RetrievalError(`rerank: kTest must be 1 or more, got ${kTest}`);
  const data = new Float32Array(rows * columns).fill(UNRANKED_SCORE);
  for (let row = 0; row < rows; row++) {
    signal?.throwIfAborted();
    const candidates = rankRow(similarities, row, Math.min(kTest, columns));
    const scores = await score(row, candidates);
    if (scores.length !== candidates.length) {
      throw new RetrievalError(`rerank: ${candidates.length} candidates of row ${row} got ${scores.length} scores`);
    }
    for (const [i, column] of candidates.entries()) data[row * columns + column] = scores[i]!;
    onProgress?.(row + 1, rows);
  }
  return scoreMatrix(rows, columns, data);
}
