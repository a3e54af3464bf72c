import type { Size } from "@albef/encoder";

/** Left edge, top edge, width, height, in pixels. */
export type Box = readonly [x: number, y: number, width: number, height: number];

/** A picture of scores: data [height, width]. */
export interface ScoreMap extends Size {
  readonly data: Float32Array;
}

/** What decides between boxes of different sizes (official `alpha`): the sum is divided by area ** 0.5. */
const AREA_EXPONENT = 0.5;
/** Least overlap of a box that counts as found. */
const FOUND_IOU = 0.5;

/** The map's sum within a box, its corners cut to whole pixels, over the root of the box's area (dataset/utils.py grounding_eval). */
export function boxScore({ data, width, height }: ScoreMap, [x, y, w, h]: Box): number {
  const columns = range(x, x + w, width);
  const rows = range(y, y + h, height);
  let total = 0;
  for (let row = rows.begin; row < rows.end; row++) {
    for (let column = columns.begin; column < columns.end; column++) total += data[row * width + column]!;
  }
  return total / (w * h) ** AREA_EXPONENT;
}

/** A Python slice [int(from), int(to)) of `extent` places, the ends cut towards 0; from before the edge it begins there. */
function range(from: number, to: number, extent: number) {
  return { begin: Math.max(Math.trunc(from), 0), end: Math.min(Math.trunc(to), extent) };
}

/** Intersection over union, pixels at both ends belonging to a box (dataset/utils.py computeIoU). */
export function boxIou(a: Box, b: Box): number {
  const left = Math.max(a[0], b[0]);
  const top = Math.max(a[1], b[1]);
  const right = Math.min(a[0] + a[2] - 1, b[0] + b[2] - 1);
  const bottom = Math.min(a[1] + a[3] - 1, b[1] + b[3] - 1);
  const inside = left < right && top < bottom ? (right - left + 1) * (bottom - top + 1) : 0;
  return inside / (a[2] * a[3] + b[2] * b[3] - inside);
}

export interface GroundingSample {
  /** Of the size of the image. */
  readonly map: ScoreMap;
  /** Boxes that a detector proposes. */
  readonly boxes: readonly Box[];
  /** The box that the phrase means. */
  readonly reference: Box;
}

export interface BoxChoice {
  /** Undefined where there was none to choose from. */
  readonly box: Box | undefined;
  /** Overlap with the reference. */
  readonly iou: number;
}

export interface BoxChoiceOptions {
  /**
   * Official: only scores above 0 count, which a map with bicubic undershoots does not always give; without one the
   * box of the sample before is taken. Default: the highest score, whatever its sign.
   */
  readonly faithful?: boolean | undefined;
  /** What was chosen in the sample before. */
  readonly previous?: Box | undefined;
}

/** The proposal in which the map is strongest, and how well it meets the reference (dataset/utils.py grounding_eval). */
export function chooseBox({ map, boxes, reference }: GroundingSample, options: BoxChoiceOptions = {}): BoxChoice {
  const { faithful = false, previous } = options;
  let box = faithful ? previous : undefined;
  let most = faithful ? 0 : Number.NEGATIVE_INFINITY;
  for (const candidate of boxes) {
    const score = boxScore(map, candidate);
    if (score > most) [box, most] = [candidate, score];
  }
  return { box, iou: box ? boxIou(reference, box) : 0 };
}

/** Share of the samples of each split whose chosen box overlaps the reference by half or more. */
export function groundingAccuracy(outcomes: readonly { readonly split: string; readonly iou: number }[]) {
  const counts = new Map<string, { found: number; all: number }>();
  for (const { split, iou } of outcomes) {
    const { found, all } = counts.get(split) ?? { found: 0, all: 0 };
    counts.set(split, { found: found + (iou >= FOUND_IOU ? 1 : 0), all: all + 1 });
  }
  return Object.fromEntries([...counts].map(([split, { found, all }]) => [split, found / all]));
}
