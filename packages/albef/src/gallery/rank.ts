import type { ModelCore } from "../model/core.ts";
import type { MatchLogits } from "../model/match.ts";
import type { CaptionHit, RankOptions } from "../types.ts";

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

export interface CaptionRankOptions extends RankOptions {
  readonly feature: Float32Array;
  /** Image states, asked for only where captions are re-ranked. */
  states(): Promise<Float32Array>;
}

/** Captions by their fit to one image. */
export async function rankCaptions(
  model: ModelCore,
  captions: readonly string[],
  { feature, states, topK = captions.length, rerank = 0, signal }: CaptionRankOptions,
): Promise<CaptionHit[]> {
  const texts = await model.encodeTexts(captions, { signal });
  const scored = texts.map((text, index) => ({ index, itc: dot(text.feature, feature) }));
  scored.sort((a, b) => b.itc - a.itc || b.index - a.index);
  const hits = scored.map(({ index, itc }, rankItc) => ({
    caption: captions[index]!,
    index,
    score: itc,
    itc,
    rankItc,
  }));
  const candidates = hits.slice(0, rerank).map(({ index }) => texts[index]!);
  const logits = candidates.length > 0 ? await model.engine.matchImage(candidates, await states(), { signal }) : [];
  return orderByItm(hits, logits).slice(0, topK);
}

export function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}
