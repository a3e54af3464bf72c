import { assignmentTask } from "@albef/distillation";
import { ASSIGNMENT_LABELS } from "@albef/heads";
import type { LoadedModel } from "../model/load.ts";
import { assigned, type Statement } from "../tasks/compare.ts";
import { FinetuneError } from "./errors.ts";
import { type Goal, taskGoal } from "./goals.ts";
import { type Lesson, linearStart } from "./lesson.ts";
import { pairStart } from "./pair-start.ts";
import type { TaskMetrics, TaskOptions } from "./task-types.ts";
import type { UsedPair } from "./used-pair.ts";

const MAX_TOKENS = 25; // official Pretrain_nlvr.py
const HEAD = ["ta_head.weight", "ta_head.bias"];
const CLASSES = ASSIGNMENT_LABELS.length;

/**
 * Text assignment (paper section 4.4; official Pretrain_nlvr.py): which of two images a text belongs to, if to any. The
 * projection of the image encoder chooses the negatives; no gradient reaches it, so the optimizer leaves it alone.
 */
export function assignmentGoal(model: LoadedModel, { sharing: asked, faithful = false }: TaskOptions): Goal {
  const { config, origin } = model;
  if (!origin.store.specs.has("vision_proj.weight")) {
    throw new FinetuneError(
      "assignment: negatives are chosen by vision_proj, which these weights lack; load a pre-trained model",
    );
  }
  const { sharing, ...start } = pairStart(model, asked, "assignment");
  const width = config.text.hiddenSize;
  const lesson: Lesson = {
    ...start,
    rampsAlpha: true,
    isHead: (name) => HEAD.includes(name),
    isUnreached: (name) => name.startsWith("vision_proj."),
    async startValue(name, seed) {
      if (!HEAD.includes(name)) return undefined;
      const size = name === HEAD[0] ? CLASSES * width : CLASSES;
      return linearStart(size, width, { seed, stream: HEAD.indexOf(name) });
    },
    task: (shape) => assignmentTask({ shape, sharing, faithful }),
    measure: (current, heldOut) => measured(current, heldOut, sharing),
  };
  return taskGoal(
    { name: "assignment", maxTokens: MAX_TOKENS, lesson, augment: "pretrain", drawsCaptions: true },
    faithful,
  );
}

/** Of each held-out text seen with its own image in front, with it behind, and with two others. */
async function measured(
  model: LoadedModel,
  heldOut: readonly UsedPair[],
  sharing: TaskOptions["sharing"],
): Promise<TaskMetrics> {
  if (heldOut.length < CLASSES) {
    throw new FinetuneError(
      `assignment: needs ${CLASSES} held-out pictures or more to measure by, got ${heldOut.length}; heldOut: 0 measures nothing`,
    );
  }
  const shown = heldOut.flatMap(({ image, captions: [text] }, i): Statement[] => {
    const [next, other] = [1, 2].map((by) => heldOut[(i + by) % heldOut.length]!.image) as [typeof image, typeof image];
    const orders = [
      [image, next],
      [next, image],
      [next, other],
    ] as const;
    return orders.map((images) => ({ images, text }));
  });
  const said = await assigned(model, shown, { sharing });
  const right = said.filter((shares, i) => shares.indexOf(Math.max(...shares)) === i % CLASSES).length;
  const accuracy = (100 * right) / said.length;
  return { accuracy, mean: accuracy };
}
