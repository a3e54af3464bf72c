import type { AlbefModel, FinetuneRun } from "albef";
import type {
  ExpectedWords,
  LessonListener,
  LessonPoint,
  LessonReport,
  LessonRequest,
  PausedLesson,
} from "../protocol/lesson.ts";
import { nameOfOwn } from "../protocol/search.ts";
import type { Folder } from "./folder.ts";
import { compareModels, type LessonPair, lessonParts } from "./held-out.ts";

const LAST = 3; // steps whose mean is the loss at the end
const SAVE_EVERY_MS = 5000;
const WORDS_EVERY = 10; // steps
const WORDS = 3; // photos whose last word is hidden

export interface LessonOptions {
  readonly photos: Folder;
  readonly onStep: LessonListener;
  readonly signal: AbortSignal;
  /** A state of the same lesson to go on from, and the steps that led to it. */
  readonly resume?: Blob | undefined;
  readonly history?: readonly LessonPoint[];
  readonly control: LessonControl;
  /** Keeps the state of a lesson that is under way. */
  save(history: readonly LessonPoint[], state: Blob): Promise<void>;
}

/** The user's hand on a lesson: asked after each step. */
export interface LessonControl {
  readonly isStopped: boolean;
  readonly isPaused: boolean;
  /** The lesson stands still after this step; resolves when it is to go on or to end. */
  standStill(paused: PausedLesson): Promise<void>;
}

export interface Lesson {
  readonly adapter: Blob;
  readonly report: LessonReport;
}

/** Fine-tunes a model on the user's photos, and measures what that changed. */
export async function giveLesson(model: AlbefModel, request: LessonRequest, options: LessonOptions): Promise<Lesson> {
  const pairs = await Promise.all(request.photos.map(async (photo) => pairOf(photo, options.photos)));
  const { train, measured, isHeldOut } = lessonParts(pairs);
  const { steps, ...settings } = request.settings;
  const batchSize = Math.min(settings.batchSize, train.length);
  const epochs = Math.ceil(steps / Math.floor(train.length / batchSize));
  const { signal, resume } = options;
  const run = await model.finetune(train, {
    ...settings,
    ...{ epochs, batchSize, signal, resume, heldOut: 0, inspect: true },
  });
  try {
    const points = await takeSteps(run, train, options);
    const losses = points.map(({ loss }) => loss);
    const tuned = await run.model();
    try {
      const queries = await compareModels([model, tuned], measured);
      return {
        adapter: await run.adapter(),
        report: {
          ...{ steps: points.length, losses: [losses[0]!, meanOf(losses.slice(-LAST))] },
          trained: train.length,
          isHeldOut,
          queries,
        },
      };
    } finally {
      tuned.dispose();
    }
  } finally {
    run.dispose();
  }
}

async function pairOf({ id, caption }: LessonRequest["photos"][number], photos: Folder): Promise<LessonPair> {
  const words = caption.toLowerCase(); // as the model reads them
  return { id, caption: words, imageId: words, image: await photos.read(nameOfOwn(id)) };
}

/** Trains to the end or until it is stopped; what was reached is saved now and then, and at every pause. */
async function takeSteps(
  run: FinetuneRun<AlbefModel>,
  pairs: readonly LessonPair[],
  { onStep, control, save, signal, history = [] }: LessonOptions,
): Promise<LessonPoint[]> {
  const points = [...history];
  let saved = performance.now();
  let unsaved: string | undefined;
  for await (const { inspection, heldOut, epoch, ...step } of run) {
    const { loss, losses, alpha } = step;
    points.push({ step: step.step, loss, losses, alpha });
    const words = step.step % WORDS_EVERY === 1 ? await expectedWords(run, pairs) : undefined;
    const told = { steps: run.plan.steps, memoryBytes: run.memoryBytes, inspection: inspection! };
    onStep({ ...step, ...told, unsaved, ...(words && { words }) });
    if (control.isPaused || performance.now() - saved > SAVE_EVERY_MS) {
      unsaved = await problemOf(async () => save(points, await run.save()));
      saved = performance.now();
    }
    if (control.isPaused) await control.standStill({ step: step.step, unsaved });
    signal.throwIfAborted();
    if (control.isStopped) break;
  }
  return points;
}

async function expectedWords(run: FinetuneRun<AlbefModel>, pairs: readonly LessonPair[]): Promise<ExpectedWords[]> {
  const found: ExpectedWords[] = [];
  for (const pair of pairs.slice(0, WORDS)) {
    const expected = await run.hiddenWord(pair);
    if (expected) found.push({ ...expected, id: pair.id });
  }
  return found;
}

/** A lesson goes on where there is no room to save it. */
async function problemOf(save: () => Promise<void>): Promise<string | undefined> {
  try {
    await save();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
