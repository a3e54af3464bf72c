/** Unit vectors, one per row: data [rows, width]. */
export interface Features {
  readonly data: Float32Array;
  readonly rows: number;
  readonly width: number;
}

/** data [rows, columns]. */
export interface ScoreMatrix {
  readonly data: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

/** How well one text fits one image (ITM). */
export interface MatchScore {
  /** The logit of class "match": the official re-ranking score. */
  readonly logit: number;
  /** Softmax over the two classes, 0 to 1. */
  readonly probability: number;
}

export function matchScoreOf({ match, other }: { readonly match: number; readonly other: number }): MatchScore {
  return { logit: match, probability: 1 / (1 + Math.exp(other - match)) };
}
