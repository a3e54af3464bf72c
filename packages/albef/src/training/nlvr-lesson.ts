import { nlvrTask } from "@albef/distillation";
import { NLVR_LABELS } from "@albef/heads";
import type { LoadedModel } from "../model/load.ts";
import { shapesOf } from "../model/stored-values.ts";
import { judged } from "../tasks/compare.ts";
import { FinetuneError } from "./errors.ts";
import { type Goal, type OpenedLesson, taskGoal } from "./goals.ts";
import { type Lesson, linearStart, listOf } from "./lesson.ts";
import { type PairStart, pairStart } from "./pair-start.ts";
import type { StatementItem, TaskMetrics, TaskOptions } from "./task-types.ts";
import { untrainedValues } from "./untrained.ts";
import type { UsedPair } from "./used-pair.ts";

const MAX_TOKENS = 64; // 30 words are not cut
const CLASSES = NLVR_LABELS.length;

/** NLVR2 (official NLVR.py). Throws FinetuneError where an item has no two pictures or `sharing` is none. */
export async function nlvrLesson(
  model: LoadedModel,
  items: Iterable<StatementItem> | AsyncIterable<StatementItem>,
  { faithful = false, ...options }: TaskOptions,
): Promise<OpenedLesson> {
  const { sharing, ...start } = pairStart(model, options.sharing, "nlvr");
  const list = await listOf(items);
  const wrong = list.findIndex(({ images, isTrue }) => images?.length !== 2 || typeof isTrue !== "boolean");
  if (wrong >= 0) throw new FinetuneError(`nlvr: item ${wrong + 1} must have two images and isTrue`);
  const lesson: Lesson = {
    ...start,
    rampsAlpha: true,
    isHead: (name) => name.startsWith("cls_head."),
    startValue: async (name, seed) =>
      headStart(name, model.config.text.hiddenSize, seed) ??
      (faithful ? untrainedTeacher(name, model, start, seed) : undefined),
    task: (shape, distill) => nlvrTask({ shape, distill, sharing, faithful }),
    targets: (chosen) => ({ labels: Int32Array.from(chosen, ({ place }) => Number(list[place]!.isTrue)) }),
    measure: (current, heldOut) => measured(current, heldOut, { sharing, list }),
  };
  const problemOf: Goal["problemOf"] = ({ train }) =>
    faithful && train === "lora"
      ? 'faithful needs train: "all": beside adapters the teacher has the weights that were loaded'
      : undefined;
  return {
    goal: taskGoal({ name: "nlvr", maxTokens: MAX_TOKENS, lesson, problemOf }, faithful),
    pairs: list.map(({ images: [image, second], text, isTrue: _, ...item }) => ({
      ...{ ...item, image, second, caption: text },
    })),
  };
}

function headStart(name: string, width: number, seed: number): Float32Array | undefined {
  if (!name.startsWith("cls_head.")) return undefined;
  const rows = name.startsWith("cls_head.2.") ? CLASSES : width;
  const size = name.endsWith(".bias") ? rows : rows * width;
  return linearStart(size, width, { seed, stream: rows + (name.endsWith(".bias") ? 1 : 0) });
}

/**
 * The official script copies the teacher before it loads the checkpoint: its encoders begin untrained. The classifier,
 * which no checkpoint of the script holds, begins as the one that learns.
 */
function untrainedTeacher(
  name: string,
  { origin }: LoadedModel,
  { sources }: Omit<PairStart, "sharing">,
  seed: number,
) {
  const own = /^(?:visual|text)_encoder_m\./.test(name) ? name.replace("_m.", ".") : undefined;
  if (own === undefined) return undefined;
  const shapes = shapesOf(origin);
  const shape = shapes.get(sources.get(own) ?? own)!;
  const stream = [...shapes.keys(), ...sources.keys()].indexOf(own);
  return untrainedValues(own, shape, { seed, stream });
}

interface MeasureOptions extends Pick<PairStart, "sharing"> {
  readonly list: readonly StatementItem[];
}

async function measured(
  model: LoadedModel,
  heldOut: readonly UsedPair[],
  { sharing, list }: MeasureOptions,
): Promise<TaskMetrics> {
  const own = heldOut.map(({ place }) => list[place]!);
  const probabilities = await judged(model, own, { sharing });
  const right = own.filter(({ isTrue }, i) => isTrue === probabilities[i]! > 0.5).length;
  const accuracy = (100 * right) / own.length;
  return { accuracy, mean: accuracy };
}
