import { type AdamWOptions, DEFAULT_ADAMW, type LoraOptions, type MemoryOptions, pairTask } from "@albef/distillation";
import type { AlbefConfig } from "@albef/encoder";
import type { LoadedModel } from "../model/load.ts";
import { type PartNames, partsNamed } from "./parts.ts";
import { shapesOf } from "./start-values.ts";
import type { FinetunePlan } from "./types.ts";

const HEADS = /^(vision_proj|text_proj|itm_head|text_encoder\.cls)\.|^temp$/;
/** Matrices that may get adapters. */
const TARGETS = {
  attention: /\.(attn\.(qkv|proj)|self\.(query|key|value)|(attention|crossattention)\.output\.dense)\.weight$/,
  all: /\.(attn\.(qkv|proj)|mlp\.fc[12]|self\.(query|key|value)|dense)\.weight$/,
} as const;

/** What a plan makes of a model: the options of its training graph, but for what is only watched. */
export function graphOptions(model: LoadedModel, plan: FinetunePlan, length: number): MemoryOptions {
  const { batchSize, objective, accumulate, precision, recompute } = plan;
  return {
    ...learningOf(model, plan),
    ...{ config: configOf(model, plan), textPrefix: model.origin.textPrefix, frozen: model.origin.store.specs },
    task: pairTask({ shape: { batch: batchSize, length }, objective }),
    ...{ accumulate, precision, recompute },
  };
}

function configOf({ config }: LoadedModel, { dropout }: FinetunePlan): AlbefConfig {
  if (dropout === null) return config;
  return { ...config, text: { ...config.text, hiddenDropout: dropout, attentionDropout: dropout } };
}

/** Everything learns, or the heads and adapters do; of either not what is frozen. */
function learningOf(model: LoadedModel, { train, rank, targets, freeze }: FinetunePlan) {
  const isFrozen = partsNamed(freeze, namesOf(model), "freeze");
  const adapted = (name: string) => TARGETS[targets].test(name) && !HEADS.test(name) && !isFrozen(name);
  const lora: LoraOptions | undefined = train === "lora" ? { rank, targets: adapted } : undefined;
  return { lora, trains: (name: string) => (train === "all" || HEADS.test(name)) && !isFrozen(name) };
}

function namesOf({ config, origin }: LoadedModel): PartNames {
  return { config, textPrefix: origin.textPrefix, parameters: [...shapesOf(origin.weights).keys()] };
}

/** AdamW; where several `rates` name a parameter their factors multiply. */
export function optimizerOf(model: LoadedModel, { rates, weightDecay, maxGradNorm }: FinetunePlan): AdamWOptions {
  const names = namesOf(model);
  const factors = Object.entries(rates).map(([part, factor]) => ({ has: partsNamed([part], names, "rates"), factor }));
  return {
    ...DEFAULT_ADAMW,
    weightDecay,
    ...(maxGradNorm !== null && { maxGradNorm }),
    rateScale: (name: string) => factors.reduce((scale, { has, factor }) => (has(name) ? scale * factor : scale), 1),
  };
}
