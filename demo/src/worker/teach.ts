import type { AlbefModel } from "albef";
import { type CaptionedPhoto, OWN, type TaughtSteps, type TeachReport } from "../protocol.ts";
import type { PhotoStore } from "./photo-store.ts";

const STEPS = 60;
const BATCH = 16;

export interface TeachOptions {
  readonly photos: PhotoStore;
  readonly report: TeachReport;
  readonly signal: AbortSignal;
  /** Asked after each step. */
  isStopped(): boolean;
}

export interface Lesson extends TaughtSteps {
  readonly adapter: Blob;
}

/** Fine-tunes a model on the user's photos, and measures what that changed. */
export async function teach(
  model: AlbefModel,
  captioned: readonly CaptionedPhoto[],
  { photos, report, signal, isStopped }: TeachOptions,
): Promise<Lesson> {
  const pairs = await Promise.all(
    captioned.map(async ({ id, caption }) => ({ id, caption, image: await photos.read(id.slice(OWN.length)) })),
  );
  const stepsPerEpoch = Math.max(1, Math.floor(pairs.length / BATCH));
  // Few pictures, seen often: without the official augmentation and teacher they are learnt in a minute.
  const run = await model.finetune(pairs, {
    ...{ epochs: Math.ceil(STEPS / stepsPerEpoch), learningRate: 1e-3, augment: "none", alpha: 0, heldOut: 0 },
    signal,
  });
  try {
    let taken = 0;
    for await (const { step, loss, secondsLeft } of run) {
      taken = step;
      report({ step, steps: run.plan.steps, loss, secondsLeft });
      if (isStopped()) break;
    }
    const tuned = await run.model();
    try {
      const [before, after] = [await foundFirst(model, pairs), await foundFirst(tuned, pairs)];
      return { adapter: await run.adapter(), steps: taken, before, after, photos: pairs.length };
    } finally {
      tuned.dispose();
    }
  } finally {
    run.dispose();
  }
}

interface Pair {
  readonly image: Blob;
  readonly caption: string;
}

/** How many photos their own caption finds first among all of them. */
async function foundFirst(model: AlbefModel, pairs: readonly Pair[]): Promise<number> {
  const texts = await model.encodeTexts(pairs.map(({ caption }) => caption));
  const images = await model.encodeImages(pairs.map(({ image }) => image));
  const { data, columns } = await model.similarity(texts, images);
  return pairs.filter((_, row) => {
    const scores = [...data.slice(row * columns, (row + 1) * columns)];
    return scores.indexOf(Math.max(...scores)) === row;
  }).length;
}
