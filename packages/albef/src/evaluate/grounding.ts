import { type Box, chooseBox, groundingAccuracy } from "@albef/heads";
import { groundIn, type OpenedImage, openImage } from "../grounding/ground.ts";
import type { GroundOptions } from "../grounding/types.ts";
import { expectContrast } from "../model/core.ts";
import type { LoadedModel } from "../model/load.ts";
import type { ImageInput } from "../types.ts";
import type { Reference } from "./refcoco-annotations.ts";

export interface GroundingEvaluation {
  /** Of the phrases of each split, the share whose box was found. */
  readonly accuracy: Readonly<Record<string, number>>;
  readonly chosen: readonly { readonly box: Box | undefined; readonly iou: number }[];
}

export interface GroundingEvaluationOptions extends Pick<GroundOptions, "mode" | "layer" | "signal"> {
  /** See docs/faithful.md. */
  readonly faithful?: boolean | undefined;
  /** The image of a path. */
  open(path: string): ImageInput;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Which proposed box each phrase's map is strongest in (official Grounding.py `val` and dataset/utils.py `grounding_eval`). */
export async function evaluateGrounding(
  model: LoadedModel,
  references: readonly Reference[],
  { faithful, open, onProgress, ...options }: GroundingEvaluationOptions,
): Promise<GroundingEvaluation> {
  expectContrast(model.engine);
  const chosen: { readonly box: Box | undefined; readonly iou: number }[] = [];
  let current: { readonly path: string; readonly image: OpenedImage } | undefined;
  for (const { image: path, text, box: reference, proposals: boxes } of references) {
    if (current?.path !== path) current = { path, image: await openImage(model, open(path), options.signal) };
    const { map } = await groundIn(model, current.image, text, options);
    chosen.push(chooseBox({ map, boxes, reference }, { faithful, previous: chosen.at(-1)?.box }));
    onProgress?.(chosen.length, references.length);
  }
  return { accuracy: groundingAccuracy(chosen.map(({ iou }, i) => ({ split: references[i]!.split, iou }))), chosen };
}
