import { type AdamWOptions, DEFAULT_ADAMW, type LoraOptions, type MemoryOptions, pairTask } from "@albef/distillation";
import type { AlbefConfig } from "@albef/encoder";
import type { LoadedModel } from "../model/load.ts";
import { shapesOf } from "../model/stored-values.ts";
import type { Lesson } from "./lesson.ts";
import { type PartNames, partsNamed } from "./parts.ts";
import type { FinetunePlan } from "./types.ts";

const HEADS = /^(vision_proj|text_proj|itm_head|text_encoder\.cls)\.|^temp$/;
/** Matrices that may get adapters. */
const TARGETS = {
  attention: /\.(attn\.(qkv|proj)|self\.(query|key|value)|(attention|crossattention)\.output\.dense)\.weight$/,
  all: /\.(attn\.(qkv|proj)|mlp\.fc[12]|self\.(query|key|value)|dense)\.weight$/,
} as const;

/** What a plan makes of a model: the options of its training graph, but for what is only watched. */
export function graphOptions(
  model: LoadedModel,
  plan: FinetunePlan,
  length: number,
  lesson: Lesson | undefined,
): MemoryOptions {
  const { batchSize: batch, objective, accumulate, precision, recompute } = plan;
  const shape = { batch, length };
  return {
    ...learningOf(model, plan, lesson),
    ...{ config: configOf(model, plan), textPrefix: model.origin.textPrefix, frozen: model.origin.store.specs },
    task: lesson?.task?.(shape, plan.alpha > 0) ?? pairTask({ shape, objective }),
    ...{ accumulate, precision, recompute },
  };
}

function configOf({ config }: LoadedModel, { dropout }: FinetunePlan): AlbefConfig {
  if (dropout === null) return config;
  return { ...config, text: { ...config.text, hiddenDropout: dropout, attentionDropout: dropout } };
}

/** Everything learns, or the heads and adapters do; of either not what is frozen. */
function learningOf(model: LoadedModel, { train, rank, targets, freeze }: FinetunePlan, lesson: Lesson | undefined) {
  const isHead = (name: string) => HEADS.test(name) || (lesson?.isHead(name) ?? false);
  const named = partsNamed(freeze, namesOf(model, lesson), "freeze");
  const isFrozen = (name: string) => named(name) || (lesson?.isUnreached?.(name) ?? false);
  const adapted = (name: string) => TARGETS[targets].test(name) && !isHead(name) && !isFrozen(name);
  const lora: LoraOptions | undefined = train === "lora" ? { rank, targets: adapted } : undefined;
  const trains = (name: string) => (train === "all" || isHead(name)) && !isFrozen(name);
  return { lora, trains, storedAs: (name: string) => lesson?.sources?.get(name) ?? name };
}

function namesOf({ config, origin }: LoadedModel, lesson: Lesson | undefined): PartNames {
  const { numLayers } = config.text;
  return {
    config: { ...config, text: { ...config.text, numLayers: lesson?.layers ?? numLayers } },
    textPrefix: origin.textPrefix,
    parameters: [...shapesOf(origin).keys()],
  };
}

/** AdamW; where several `rates` name a parameter their factors multiply. */
export function optimizerOf(
  model: LoadedModel,
  { rates, weightDecay, maxGradNorm }: FinetunePlan,
  lesson: Lesson | undefined,
): AdamWOptions {
  const names = namesOf(model, lesson);
  const factors = Object.entries(rates).map(([part, factor]) => ({ has: partsNamed([part], names, "rates"), factor }));
  return {
    ...DEFAULT_ADAMW,
    weightDecay,
    ...(maxGradNorm !== null && { maxGradNorm }),
    rateScale: (name: string) => factors.reduce((scale, { has, factor }) => (has(name) ? scale * factor : scale), 1),
  };
}
