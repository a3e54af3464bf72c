import { floatsFrom, halvesFrom } from "@albef/core";
import {
  type RetrievalMetrics,
  rerank,
  retrievalMetrics,
  type ScoreMatrix,
  scoreMatrix,
  transposeScores,
} from "@albef/heads";
import { dot } from "../gallery/rank.ts";
import { candidates } from "../model/candidates.ts";
import type { EncodedImage, EncodedText } from "../model/encoded.ts";
import type { Engine } from "../model/engine.ts";
import type { MatchLogits } from "../model/match.ts";

/** Which texts belong to which image, both by position. */
export interface RetrievalPairs {
  readonly textsOfImage: readonly (readonly number[])[];
  readonly imageOfText: readonly number[];
}

export interface RetrievalOptions extends RetrievalPairs {
  /** Candidates that ITM scores for each query: 256 for COCO, 128 for Flickr30K. 0 ranks by ITC alone. */
  readonly kTest: number;
  readonly onProgress?: (stage: "image to text" | "text to image", done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

export interface RetrievalResult {
  /** By the contrastive similarity alone. */
  readonly itc: RetrievalMetrics;
  /** With ITM re-ranking, where `kTest` is not 0. */
  readonly itm?: RetrievalMetrics;
  /** [images, texts] and [texts, images]; pairs that were not re-ranked have -100. */
  readonly scores: { readonly imageToText: ScoreMatrix; readonly textToImage: ScoreMatrix };
}

/** Device memory for what the fusion layers make of the images. */
const KEYS_BUDGET = 512 << 20;

/** The retrieval evaluation of official Retrieval.py over encoded images and texts. */
export async function evaluateRetrieval(
  engine: Engine,
  { images, texts }: { readonly images: readonly EncodedImage[]; readonly texts: readonly EncodedText[] },
  { kTest, textsOfImage, imageOfText, onProgress, signal }: RetrievalOptions,
): Promise<RetrievalResult> {
  const similarities = Float32Array.from({ length: images.length * texts.length }, (_, i) =>
    dot(images[Math.floor(i / texts.length)]!.feature, texts[i % texts.length]!.feature),
  );
  const imageToText = scoreMatrix(images.length, texts.length, similarities);
  const byItc = { imageToText, textToImage: transposeScores(imageToText) };
  const itc = retrievalMetrics(byItc, textsOfImage, imageOfText);
  if (kTest === 0) return { itc, scores: byItc };
  const control = signal ? { signal } : {};
  const pictures = candidates<number>(engine, {
    budgetBytes: KEYS_BUDGET,
    statesOf: async (image) => images[image]!.states,
  });
  const matchOf = ({ match }: MatchLogits) => match;
  try {
    const scores = {
      imageToText: await rerank(byItc.imageToText, {
        ...{ kTest, ...control },
        score: async (image, columns) => {
          const some = columns.map((text) => texts[text]!);
          return (await engine.matchImage(some, images[image]!.states, control)).map(matchOf);
        },
        onProgress: (done, total) => onProgress?.("image to text", done, total),
      }),
      textToImage: await rerank(byItc.textToImage, {
        ...{ kTest, ...control },
        score: async (text, columns) => (await pictures.match(texts[text]!, columns, control)).map(matchOf),
        onProgress: (done, total) => onProgress?.("text to image", done, total),
      }),
    };
    return { itc, itm: retrievalMetrics(scores, textsOfImage, imageOfText), scores };
  } finally {
    pictures.clear();
  }
}

/** Keeps image states as f16: half the memory, scores exact to about 1e-3. */
export function compactStates({ feature, states }: EncodedImage): EncodedImage {
  const halves = halvesFrom(states);
  return {
    feature,
    get states() {
      return floatsFrom(halves);
    },
  };
}
