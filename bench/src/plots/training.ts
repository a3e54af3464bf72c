import { PRETRAIN_OBJECTIVE, pairTask, trainingGraph } from "@albef/distillation";
import { pruned } from "../peers/rules.ts";
import { configOf } from "../workloads/sizes.ts";
import { seededInputs, seededWeights, type Workload } from "../workloads/workload.ts";

const LENGTH = 10;
const IMAGE_SIZE = 128;
const RANK = 8;

export interface TrainingVariant {
  readonly batch: number;
  /** Adapters of rank 8 beside the frozen matrices of attention and MLP, in place of all weights. */
  readonly lora?: boolean;
  /** Blocks are computed again in the backward instead of keeping what is between. */
  readonly recompute?: boolean;
}

/** A whole pre-training step of the small model, in one of its ways. */
export function trainingWorkload({ batch, lora = false, recompute = false }: TrainingVariant): Workload {
  const config = configOf("small", IMAGE_SIZE);
  const { graph, trainable } = trainingGraph({
    ...{ config, textPrefix: "text_encoder.bert", recompute },
    task: pairTask({
      shape: { batch, length: LENGTH },
      objective: { ...PRETRAIN_OBJECTIVE, queueSize: 0 },
      givenNegatives: true,
    }),
    trains: (name) => !lora || /^(vision_proj|text_proj|itm_head|temp)/.test(name),
    ...(lora && { lora: { rank: RANK, targets: (name: string) => /attn|attention|mlp|dense/.test(name) } }),
  });
  const trains = [...trainable.keys()];
  const kept = pruned(graph, ["loss", ...trains.map((name) => `grad.${name}`)]);
  return {
    name: `albef-step small, batch ${batch}`,
    graph: kept,
    parameters: seededWeights(kept),
    inputs: seededInputs(kept, { config, batch, length: LENGTH }),
    trains,
  };
}
