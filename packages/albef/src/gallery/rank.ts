import type { MatchLogits } from "../model/match.ts";

interface Scored {
  readonly score: number;
  readonly itc: number;
  readonly rankItc: number;
}

/**
 * Two-stage ranking (official Retrieval.py): the first hits, which have logits, ordered by their ITM logit alone; the rest
 * behind them in ITC order.
 */
export function orderByItm<T extends Scored>(
  hits: readonly T[],
  logits: readonly MatchLogits[],
): (T & { itm?: number })[] {
  const matched = hits
    .slice(0, logits.length)
    .map((hit, i) => ({ ...hit, itm: logits[i]!.match, score: logits[i]!.match }));
  return [...matched.sort((a, b) => b.itm - a.itm || a.rankItc - b.rankItc), ...hits.slice(logits.length)];
}

export function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}
