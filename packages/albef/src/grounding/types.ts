import type { Size } from "@albef/encoder";
import type { Box } from "@albef/heads";
import type { MatchScore } from "../model/feature-types.ts";

export type { Box, Size };

/** `itm`: how each word looks at the picture, in the multimodal encoder. `itc`: what the image encoder alone looks at. */
export type GroundingMode = "itm" | "itc";

export interface HeatMapChoice {
  /** A word of the text, or its place among them; default: the whole phrase. Only in mode `itm`. */
  readonly word?: string | number | undefined;
  /** One attention head; default: the mean over all. */
  readonly head?: number | undefined;
  /** `gradCam`: attention weighed by how much the score rests on it; `attention`: as it is. Default: gradCam. */
  readonly show?: "gradCam" | "attention" | undefined;
  /** Default: that of the image. */
  readonly size?: Size | undefined;
}

export interface GroundOptions extends HeatMapChoice {
  /** Default: itm, which the paper found to be better. */
  readonly mode?: GroundingMode | undefined;
  /**
   * Fusion layer by its number in the whole BERT, or in mode `itc` block of the image encoder. Default: a third into
   * the fusion layers, two thirds into the blocks; both is 8 in ALBEF-base, as official.
   */
  readonly layer?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A picture of scores: data f32 [height, width], larger where more of the text was found; not scaled to any range. */
export interface HeatMap {
  readonly data: Float32Array;
  readonly width: number;
  readonly height: number;
}

export interface GroundedWord {
  readonly word: string;
  /** The sum of its map over all patches: how much of the match rests on where this word looks. */
  readonly score: number;
}

export interface RankedBox {
  readonly box: Box;
  /** Sum of the map inside over the root of the box's area. */
  readonly score: number;
}

/** Where a text is in a picture. */
export interface Grounding {
  readonly mode: GroundingMode;
  readonly layer: number;
  /** What `layer` may be. */
  readonly layers: readonly number[];
  /** Heads of the layer. */
  readonly heads: number;
  /** What was asked for. */
  readonly map: HeatMap;
  /** The words as the model read them; none in mode `itc`. */
  readonly words: readonly GroundedWord[];
  /** How well the text fits the picture; only in mode `itm`. */
  readonly match?: MatchScore;
  /** Another word, head or size of the same run; nothing is computed on the device. */
  heatMap(choice?: HeatMapChoice): HeatMap;
  /** Boxes in pixels of the image by how strong the map is in them, best first (official box ranking). */
  rankBoxes(boxes: readonly Box[], choice?: Omit<HeatMapChoice, "size">): RankedBox[];
}
