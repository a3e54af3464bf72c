import type { LoadedModel } from "../model/load.ts";
import { assignmentGoal } from "./assignment-lesson.ts";
import { FinetuneError } from "./errors.ts";
import { type Goal, PRETRAIN_GOAL } from "./goals.ts";
import type { AssignmentOptions, PretrainOptions } from "./types.ts";

export type AnyPretrainOptions = PretrainOptions & Partial<AssignmentOptions>;

/** What pre-training is for: the three losses of the paper, or text assignment. Throws FinetuneError. */
export function pretrainGoal(model: LoadedModel, { task, sharing, objective }: AnyPretrainOptions): Goal {
  if (task === undefined) return PRETRAIN_GOAL;
  if (task === "assignment") return assignmentGoal(model, { sharing, faithful: objective?.faithful });
  throw new FinetuneError(`pretrain: task must be assignment or left out, got ${String(task)}`);
}
