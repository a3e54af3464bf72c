import type { AlbefModel, TrainingPair } from "albef";
import type { HeldOutQuery, Ranking } from "../protocol/lesson.ts";

/** A photo of a lesson. `imageId` is its caption: photos of one caption are no negatives of each other. */
export interface LessonPair extends TrainingPair {
  readonly id: string;
}

/** From so many photos on a part of them is held out. */
const LEAST = 10;
const SHARE = 5; // one in so many
const SHOWN = 6;

export interface LessonParts {
  readonly train: readonly LessonPair[];
  /** Those to measure by: never trained on where there are enough photos, else all. */
  readonly measured: readonly LessonPair[];
  readonly isHeldOut: boolean;
}

/**
 * Holds out every fifth photo, counted within each caption, so that what a held-out photo shows is also among those that are
 * trained on wherever a caption is shared. The same photos give the same parts: a resumed lesson needs that.
 */
export function lessonParts(pairs: readonly LessonPair[]): LessonParts {
  if (pairs.length < LEAST) return { train: pairs, measured: pairs, isHeldOut: false };
  const ordered = [...new Set(pairs.map(({ caption }) => caption))].flatMap((caption) =>
    pairs.filter((pair) => pair.caption === caption),
  );
  const measured = ordered.filter((_, place) => place % SHARE === SHARE - 1);
  return { train: ordered.filter((pair) => !measured.includes(pair)), measured, isHeldOut: true };
}

/** How the measured photos rank for each of their captions, by two models. */
export async function compareModels(
  [before, after]: readonly [AlbefModel, AlbefModel],
  pairs: readonly LessonPair[],
): Promise<HeldOutQuery[]> {
  const captions = [...new Set(pairs.map(({ caption }) => caption))];
  const [first, second] = [await rankings(before, captions, pairs), await rankings(after, captions, pairs)];
  return captions.map((caption, i) => ({
    caption,
    wanted: pairs.filter((pair) => pair.caption === caption).map(({ id }) => id),
    before: first[i]!,
    after: second[i]!,
  }));
}

async function rankings(model: AlbefModel, captions: readonly string[], pairs: readonly LessonPair[]) {
  const texts = await model.encodeTexts(captions);
  const images = await model.encodeImages(pairs.map(({ image }) => image));
  const { data, columns } = await model.similarity(texts, images);
  return captions.map((caption, row): Ranking => {
    const scores = data.subarray(row * columns, (row + 1) * columns);
    const places = pairs.map((_, place) => place).sort((a, b) => scores[b]! - scores[a]!);
    const rank = places.findIndex((place) => pairs[place]!.caption === caption) + 1;
    return { ids: places.slice(0, SHOWN).map((place) => pairs[place]!.id), rank };
  });
}
