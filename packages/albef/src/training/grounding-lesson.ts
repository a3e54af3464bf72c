import { chooseBox, groundingAccuracy } from "@albef/heads";
import { groundIn, openImage } from "../grounding/ground.ts";
import type { LoadedModel } from "../model/load.ts";
import { type OpenedLesson, RETRIEVAL_GOAL } from "./goals.ts";
import { type Lesson, listOf } from "./lesson.ts";
import type { PhraseItem, TaskMetrics, TaskOptions } from "./task-types.ts";
import type { UsedPair } from "./used-pair.ts";

/** Weakly supervised grounding (official Grounding.py): ITC and ITM on phrases, pictures not cropped. No box is learnt from. */
export async function groundingLesson(
  _model: LoadedModel,
  items: Iterable<PhraseItem> | AsyncIterable<PhraseItem>,
  { faithful = false }: TaskOptions,
): Promise<OpenedLesson> {
  const list = await listOf(items);
  const lesson: Lesson = {
    rampsAlpha: true,
    isHead: () => false, // the heads of retrieval, which learn anyway
    measure: (model, heldOut) => measured(model, heldOut, list),
  };
  return {
    goal: {
      ...{ ...RETRIEVAL_GOAL, name: "grounding", augment: "grounding", lesson },
      objective: { ...RETRIEVAL_GOAL.objective, faithful },
    },
    pairs: list.map(({ text, box: _box, proposals: _proposals, ...item }) => ({ ...item, caption: text })),
  };
}

/** Phrases whose box is found; without a box, those that fit their own picture better than the next one. */
async function measured(
  model: LoadedModel,
  heldOut: readonly UsedPair[],
  list: readonly PhraseItem[],
): Promise<TaskMetrics> {
  const outcomes: { split: string; iou: number }[] = [];
  for (const [i, { image, captions, place, group }] of heldOut.entries()) {
    const { box: reference, proposals: boxes } = list[place]!;
    const { map, match } = await groundIn(model, await openImage(model, image), captions[0]);
    if (reference && boxes) {
      outcomes.push({ split: "held out", iou: chooseBox({ map, boxes, reference }).iou });
      continue;
    }
    const other = heldOut
      .slice(i + 1)
      .concat(heldOut)
      .find((pair) => pair.group !== group);
    const there = other && (await groundIn(model, await openImage(model, other.image), captions[0]));
    outcomes.push({ split: "held out", iou: !there || match!.logit > there.match!.logit ? 1 : 0 });
  }
  const accuracy = 100 * groundingAccuracy(outcomes)["held out"]!;
  return { accuracy, mean: accuracy };
}
