import { resizeBicubic, type Size } from "@albef/encoder";
import { type AttentionRows, averageMap, type Box, boxScore } from "@albef/heads";
import type { GroundedWord, HeatMap, HeatMapChoice, RankedBox } from "./types.ts";
import { rowsOfWord, type WordRows } from "./words.ts";

/** What a run of Grad-CAM left, for one image and one text. */
export interface CamRows {
  readonly gradCam: AttentionRows;
  readonly attention: AttentionRows;
  /** Rows that are tokens of the text, [CLS] included. */
  readonly rows: readonly number[];
  readonly words: readonly WordRows[];
  /** Of the image. */
  readonly size: Size;
}

/** The map that `choice` asks for, resized as the official evaluation does. Throws RangeError. */
export function heatMap(cams: CamRows, choice: HeatMapChoice = {}): HeatMap {
  const { width, height } = choice.size ?? cams.size;
  for (const [name, extent] of Object.entries({ width, height })) {
    if (!Number.isInteger(extent) || extent < 1)
      throw new RangeError(`ground: ${name} of the map must be a positive whole number, got ${extent}`);
  }
  const { side } = cams.gradCam;
  const grid = { data: patchMap(cams, choice), width: side, height: side, channels: 1 };
  return { data: resizeBicubic(grid, height, width), width, height };
}

/** The map over the patches, before it is resized. */
function patchMap(cams: CamRows, { word, head, show = "gradCam" }: HeatMapChoice): Float32Array {
  const maps = cams[show];
  if (head !== undefined && !(Number.isInteger(head) && head >= 0 && head < maps.heads)) {
    throw new RangeError(`ground: head must be 0 to ${maps.heads - 1}, got ${head}`);
  }
  return averageMap(maps, { head, rows: word === undefined ? cams.rows : rowsOfWord(cams.words, word) });
}

export function scoredWords(cams: CamRows): GroundedWord[] {
  return cams.words.map(({ word, rows }) => ({
    word,
    score: averageMap(cams.gradCam, { rows }).reduce((sum, value) => sum + value, 0),
  }));
}

export function rankBoxes(cams: CamRows, boxes: readonly Box[], choice: Omit<HeatMapChoice, "size"> = {}): RankedBox[] {
  const map = heatMap(cams, { ...choice, size: cams.size });
  return boxes.map((box) => ({ box, score: boxScore(map, box) })).sort((a, b) => b.score - a.score);
}
