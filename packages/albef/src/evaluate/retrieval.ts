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
import type { EncodedImage, EncodedText, Engine } from "../model/engine.ts";

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
  const logitsOf = async (some: readonly EncodedText[], states: readonly Float32Array[]) =>
    (await engine.match(some, states, control)).map(({ match }) => match);
  const scores = {
    imageToText: await rerank(byItc.imageToText, {
      ...{ kTest, ...control },
      score: (image, columns) =>
        logitsOf(
          columns.map((text) => texts[text]!),
          [images[image]!.states],
        ),
      onProgress: (done, total) => onProgress?.("image to text", done, total),
    }),
    textToImage: await rerank(byItc.textToImage, {
      ...{ kTest, ...control },
      score: (text, columns) =>
        logitsOf(
          [texts[text]!],
          columns.map((image) => images[image]!.states),
        ),
      onProgress: (done, total) => onProgress?.("text to image", done, total),
    }),
  };
  return { itc, itm: retrievalMetrics(scores, textsOfImage, imageOfText), scores };
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
