import { entailmentTask } from "@albef/distillation";
import { ENTAILMENT_LABELS } from "@albef/heads";
import { likeliest } from "../evaluate/entailment.ts";
import type { LoadedModel } from "../model/load.ts";
import { entailments } from "../tasks/entailment.ts";
import { FinetuneError } from "./errors.ts";
import { type OpenedLesson, taskGoal } from "./goals.ts";
import { accuracyOver, type Lesson, linearStart, listOf } from "./lesson.ts";
import type { EntailmentItem, TaskOptions } from "./task-types.ts";
import type { UsedPair } from "./used-pair.ts";

const MAX_TOKENS = 64; // 30 words are not cut

/** Visual entailment (official VE.py). Throws FinetuneError where a label is none. */
export async function entailmentLesson(
  { config }: LoadedModel,
  items: Iterable<EntailmentItem> | AsyncIterable<EntailmentItem>,
  { faithful = false }: TaskOptions,
): Promise<OpenedLesson> {
  const list = await listOf(items);
  const wrong = list.findIndex(({ label }) => !ENTAILMENT_LABELS.includes(label));
  if (wrong >= 0) {
    const wanted = ENTAILMENT_LABELS.join(", ");
    throw new FinetuneError(`entailment: label of item ${wrong + 1} must be ${wanted}, got ${list[wrong]!.label}`);
  }
  const { hiddenSize: width } = config.text;
  const sizes = new Map([
    ["cls_head.0.weight", width * width],
    ["cls_head.0.bias", width],
    ["cls_head.2.weight", ENTAILMENT_LABELS.length * width],
    ["cls_head.2.bias", ENTAILMENT_LABELS.length],
  ]);
  const labelOf = ({ place }: UsedPair) => list[place]!.label;
  const lesson: Lesson = {
    rampsAlpha: false,
    isHead: (name) => name.startsWith("cls_head."),
    async startValue(name, seed) {
      const size = sizes.get(name);
      if (size === undefined) return undefined;
      return linearStart(size, width, { seed, stream: [...sizes.keys()].indexOf(name) });
    },
    task: (shape, distill) => entailmentTask({ shape, distill, faithful }),
    targets: (chosen) => ({
      labels: Int32Array.from(chosen, (pair) => ENTAILMENT_LABELS.indexOf(labelOf(pair))),
    }),
    measure: (model, heldOut) =>
      accuracyOver(model, heldOut, async (states, pair) => {
        const [given] = await entailments(model, [{ states, text: pair.captions[0] }]);
        return likeliest(given!) === labelOf(pair);
      }),
  };
  return {
    goal: taskGoal({ name: "entailment", maxTokens: MAX_TOKENS, lesson }, faithful),
    pairs: list.map(({ text, label: _, ...item }) => ({ ...item, caption: text })),
  };
}
