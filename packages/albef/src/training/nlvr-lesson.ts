import { nlvrTask } from "@albef/distillation";
import { checkpointMap, type PairSharing } from "@albef/encoder";
import { NLVR_LABELS } from "@albef/heads";
import type { LoadedModel } from "../model/load.ts";
import { isTaskParameter, parameterNames } from "../model/weights.ts";
import { judged } from "../tasks/compare.ts";
import { FinetuneError } from "./errors.ts";
import { type OpenedLesson, TASK_GOAL } from "./goals.ts";
import { type Lesson, linearStart, listOf } from "./lesson.ts";
import type { StatementItem, TaskMetrics, TaskOptions } from "./task-types.ts";
import type { UsedPair } from "./used-pair.ts";

const MAX_TOKENS = 64; // 30 words are not cut
const CLASSES = NLVR_LABELS.length;
const LAYER = /^text_encoder\.(?:bert\.)?encoder\.layer\.(\d+)\./;

/** NLVR2 (official NLVR.py). Throws FinetuneError where an item has no two pictures or `sharing` is none. */
export async function nlvrLesson(
  model: LoadedModel,
  items: Iterable<StatementItem> | AsyncIterable<StatementItem>,
  { sharing = "cross-attention" }: TaskOptions,
): Promise<OpenedLesson> {
  if (!["none", "cross-attention", "block"].includes(sharing)) {
    throw new FinetuneError(`nlvr: sharing must be none, cross-attention or block, got ${sharing}`);
  }
  const list = await listOf(items);
  const wrong = list.findIndex(({ images, isTrue }) => images?.length !== 2 || typeof isTrue !== "boolean");
  if (wrong >= 0) throw new FinetuneError(`nlvr: item ${wrong + 1} must have two images and isTrue`);
  const lesson: Lesson = {
    rampsAlpha: true,
    ...pairStart(model, sharing),
    task: (shape, distill) => nlvrTask({ shape, distill, sharing }),
    targets: (chosen) => ({ labels: Int32Array.from(chosen, ({ place }) => Number(list[place]!.isTrue)) }),
    measure: (current, heldOut) => measured(current, heldOut, { sharing, list }),
  };
  return {
    goal: { ...TASK_GOAL, name: "nlvr", maxTokens: MAX_TOKENS, lesson },
    pairs: list.map(({ images: [image, second], text, isTrue: _, ...item }) => ({
      ...{ ...item, image, second, caption: text },
    })),
  };
}

/** Where the two-image encoder and its head begin: each fusion layer serves two, as in the official loading. */
function pairStart({ config, origin }: LoadedModel, sharing: PairSharing) {
  const { hiddenSize: width, fusionLayer, numLayers } = config.text;
  const names = parameterNames(origin.weights, origin.replaced);
  const isPaired = names.some((name) => LAYER.test(name) && isTaskParameter(name, config));
  const duplicates = sharing !== "block" && !isPaired;
  const { sources } = checkpointMap("pretrain_nlvr", names, config);
  const layerOf = (name: string) => Number(LAYER.exec(name)?.[1] ?? -1);
  return {
    isHead: (name: string) =>
      name.startsWith("cls_head.") || (layerOf(name) >= (duplicates ? fusionLayer : numLayers) && sharing !== "block"),
    sourceOf: (name: string) =>
      duplicates && layerOf(name) >= fusionLayer ? (sources.get(name.replace(".bert.", ".")) ?? name) : name,
    async startValue(name: string, seed: number) {
      if (!name.startsWith("cls_head.")) return undefined;
      const rows = name.startsWith("cls_head.2.") ? CLASSES : width;
      const size = name.endsWith(".bias") ? rows : rows * width;
      return linearStart(size, width, { seed, stream: rows + (name.endsWith(".bias") ? 1 : 0) });
    },
  };
}

interface MeasureOptions {
  readonly sharing: PairSharing;
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
