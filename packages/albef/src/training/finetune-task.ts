import type { LoadedModel } from "../model/load.ts";
import { entailmentLesson } from "./entailment-lesson.ts";
import { FinetuneError } from "./errors.ts";
import type { OpenedLesson } from "./goals.ts";
import { groundingLesson } from "./grounding-lesson.ts";
import { nlvrLesson } from "./nlvr-lesson.ts";
import { startTraining } from "./run.ts";
import type { TaskItems, TaskMetrics, TaskName, TaskOptions } from "./task-types.ts";
import type { FinetuneOptions, FinetuneRun } from "./types.ts";
import { vqaLesson } from "./vqa-lesson.ts";

type Items<T> = Iterable<T> | AsyncIterable<T>;

/** The downstream tasks by name. */
const LESSONS: {
  readonly [Task in TaskName]: (
    model: LoadedModel,
    items: Items<TaskItems[Task]>,
    options: TaskOptions,
  ) => Promise<OpenedLesson>;
} = { entailment: entailmentLesson, vqa: vqaLesson, nlvr: nlvrLesson, grounding: groundingLesson };

export interface TaskRunOptions<Model, Task extends TaskName> extends FinetuneOptions, TaskOptions {
  readonly task: Task;
  publish(tuned: LoadedModel): Model;
}

/** Fine-tunes for a downstream task by the same trainer. Throws FinetuneError where items or options cannot be trained with. */
export async function finetuneTask<Model, Task extends TaskName>(
  model: LoadedModel,
  items: Items<TaskItems[Task]>,
  { task, sharing, faithful, ...options }: TaskRunOptions<Model, Task>,
): Promise<FinetuneRun<Model, TaskMetrics>> {
  if (!Object.hasOwn(LESSONS, task)) {
    throw new FinetuneError(`finetune: task must be ${Object.keys(LESSONS).join(" or ")}, got ${String(task)}`);
  }
  const { goal, pairs } = await LESSONS[task](model, items, { sharing, faithful });
  return startTraining<Model, TaskMetrics>(model, pairs, { ...options, goal });
}
