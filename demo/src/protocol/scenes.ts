import type { GalleryHit } from "albef";
import type { Report } from "./search.ts";

/** A composed scene with two sentences that differ in one thing: one is true of it, the foil is not. */
export interface Scene {
  readonly file: string;
  readonly sentence: string;
  readonly foil: string;
}

/** In how many scenes the true sentence scored above the foil. */
export interface FoilCount {
  readonly itc: number;
  readonly itm: number;
  readonly scenes: number;
}

export interface SceneCalls {
  /** Every scene ranked by a text with both scores; ids are `scenes/<file>`. */
  rankScenes(
    scenes: readonly Scene[],
    text: string,
    report: Report,
  ): Promise<{ hits: readonly GalleryHit[]; ms: number }>;
  countFoils(scenes: readonly Scene[], report: Report): Promise<FoilCount>;
}

export const sceneId = ({ file }: Scene): string => `scenes/${file}`;
