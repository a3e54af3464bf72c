import type { DecodableImage } from "@albef/encoder";

/** What a step contrasted. Pairs are named by their place in `ids`. */
export interface StepInspection {
  /** The pairs of the batch. */
  readonly ids: readonly string[];
  /** [batch]: for each caption the picture that was mined as its hard negative. */
  readonly negativeImages: readonly number[];
  /** [batch]: for each picture the caption that was mined as its hard negative. */
  readonly negativeTexts: readonly number[];
  /** f32 [batch, batch]: the share of each caption (column) in what a picture (row) was to match, softened by the teacher. */
  readonly imageToText: Float32Array;
  /** f32 [batch, batch]: the share of each picture (column) in what a caption (row) was to match. */
  readonly textToImage: Float32Array;
}

export interface CaptionedImage {
  readonly image: DecodableImage;
  readonly caption: string;
}

export interface HiddenWordOptions {
  /** The token that is hidden, counted from 0. Default: the last one. */
  readonly place?: number | undefined;
  /** Words to return. Default: 5. */
  readonly topK?: number | undefined;
}

/** What is expected in place of a hidden word, most likely first. */
export interface HiddenWord {
  readonly hidden: string;
  readonly words: readonly { readonly word: string; readonly probability: number }[];
}
