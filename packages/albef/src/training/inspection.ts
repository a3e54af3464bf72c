import type { TensorData } from "@albef/core";
import type { StepInspection } from "./inspection-types.ts";

/** The values of a training graph that a look inside reads. */
export const WATCHED = ["negative_images", "negative_texts", "sim_i2t_targets", "sim_t2i_targets"] as const;

/** The values seen in one step, by the names of its pairs; undefined where they were not watched. */
export function inspectionOf(
  seen: Readonly<Record<string, TensorData>>,
  ids: readonly string[],
): StepInspection | undefined {
  const [images, texts, toText, toImage] = WATCHED.map((name) => seen[name]);
  if (!images || !texts || !toText || !toImage) return undefined;
  return {
    ids,
    negativeImages: Array.from(images),
    negativeTexts: Array.from(texts),
    imageToText: withinBatch(toText, ids.length),
    textToImage: withinBatch(toImage, ids.length),
  };
}

/** Targets [batch, batch + queue] -> [batch, batch]: the queue's features belong to no pair of this batch. */
function withinBatch(targets: TensorData, batch: number): Float32Array {
  const columns = targets.length / batch;
  return Float32Array.from({ length: batch * batch }, (_, i) =>
    Number(targets[Math.floor(i / batch) * columns + (i % batch)]),
  );
}
