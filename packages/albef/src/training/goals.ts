import { type ObjectiveOptions, PRETRAIN_OBJECTIVE, RETRIEVAL_OBJECTIVE } from "@albef/distillation";
import type { Lesson } from "./lesson.ts";
import type { TaskName } from "./task-types.ts";
import type { Augmentation, FinetunePlan } from "./types.ts";
import type { PicturedPair } from "./used-pair.ts";

/** What a training is for: its losses, and what is taken where an option is left open. */
export interface Goal {
  /** Names the training in errors and saved states. */
  readonly name: "finetune" | "pretrain" | "assignment" | TaskName;
  readonly objective: ObjectiveOptions;
  readonly augment: Augmentation;
  /** Longest caption in tokens, [CLS] included. */
  readonly maxTokens: number;
  /** Fewest pairs for which a queue of features is worth its stale start. */
  readonly queueFrom: number;
  /** Captions of one picture are drawn from, one a pass, in place of being pairs of their own. */
  readonly drawsCaptions: boolean;
  /** Why training with these settings makes no sense, if it does not. */
  problemOf?(plan: Pick<FinetunePlan, "train">): string | undefined;
  /** Of a downstream task: in place of `objective`. */
  readonly lesson?: Lesson | undefined;
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

const NO_OBJECTIVE: ObjectiveOptions = {
  ...RETRIEVAL_OBJECTIVE,
  ...{ itc: false, itm: false, hardNegatives: false, distillItc: false, imageIds: false, queueSize: 0 },
};

/** A downstream task by its losses; `faithful` is kept with the objective, so that saved states tell it. */
export function taskGoal(own: Pick<Goal, "name" | "maxTokens" | "lesson"> & Partial<Goal>, faithful: boolean): Goal {
  const objective = { ...NO_OBJECTIVE, faithful };
  return { objective, augment: "finetune", queueFrom: Number.POSITIVE_INFINITY, drawsCaptions: false, ...own };
}

/** A downstream task with what it is learnt from: `UsedPair.place` is the place of a pair's item. */
export interface OpenedLesson {
  readonly goal: Goal;
  readonly pairs: readonly PicturedPair[];
}
