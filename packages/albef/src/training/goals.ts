import { type ObjectiveOptions, PRETRAIN_OBJECTIVE, RETRIEVAL_OBJECTIVE } from "@albef/distillation";
import type { Augmentation } from "./types.ts";

/** What a training is for: its losses, and what is taken where an option is left open. */
export interface Goal {
  /** Names the training in errors and saved states. */
  readonly name: "finetune" | "pretrain";
  readonly objective: ObjectiveOptions;
  readonly augment: Augmentation;
  /** Longest caption in tokens, [CLS] included. */
  readonly maxTokens: number;
  /** Fewest pairs for which a queue of features is worth its stale start. */
  readonly queueFrom: number;
  /** Captions of one picture are drawn from, one a pass, in place of being pairs of their own. */
  readonly drawsCaptions: boolean;
}

/** Official Retrieval.py. */
export const RETRIEVAL_GOAL: Goal = {
  ...{ name: "finetune", objective: RETRIEVAL_OBJECTIVE, augment: "finetune" },
  ...{ maxTokens: 30, queueFrom: 2048, drawsCaptions: false },
};

/** Official Pretrain.py. */
export const PRETRAIN_GOAL: Goal = {
  ...{ name: "pretrain", objective: PRETRAIN_OBJECTIVE, augment: "pretrain" },
  ...{ maxTokens: 25, queueFrom: 0, drawsCaptions: true },
};
