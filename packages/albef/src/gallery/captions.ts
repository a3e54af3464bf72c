import type { EncodedText } from "../model/encoded.ts";
import type { Engine } from "../model/engine.ts";
import type { ProgressOptions } from "../progress.ts";
import { dot, orderByItm } from "./rank.ts";
import type { CaptionHit, RankOptions } from "./types.ts";

export interface CaptionRankOptions extends RankOptions {
  readonly feature: Float32Array;
  /** Image states, asked for only where captions are re-ranked. */
  states(): Promise<Float32Array>;
}

/** The part of a model that captions need. */
interface CaptionEncoder {
  readonly engine: Pick<Engine, "matchImage">;
  encodeTexts(texts: readonly string[], options: ProgressOptions): Promise<EncodedText[]>;
}

/** Captions by their fit to one image. */
export async function rankCaptions(
  model: CaptionEncoder,
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
