import { drawTransform, preCaption, randomAt, type Tokenizer, TRAIN_TRANSFORMS, transformImage } from "@albef/encoder";
import { bucketOf, concatRows } from "../model/batches.ts";
import { readPixels, readRaw } from "../model/images.ts";
import type { FinetunePlan, TrainingPair } from "./types.ts";

/** Longest caption in tokens, [CLS] included (official retrieval training). */
const MAX_TOKENS = 30;
const LENGTHS = [8, 16, MAX_TOKENS];
/** Streams of the random numbers. */
const SPLIT = 1;
const ORDER = 2;
const TRANSFORM = 3;

export interface UsedPair extends TrainingPair {
  readonly id: string;
  /** Equal for captions of one picture. */
  readonly group: number;
}

/** The pairs that can be used: every picture is decoded once to see that it can be. `skip` is told of the others. */
export async function usablePairs(
  pairs: Iterable<TrainingPair> | AsyncIterable<TrainingPair>,
  skip: (skipped: { readonly id: string; readonly reason: string }) => void,
  signal?: AbortSignal,
): Promise<UsedPair[]> {
  const used: UsedPair[] = [];
  const groups = new Map<string, number>();
  let position = 0;
  for await (const { image, caption, id = nameOf(image) ?? `pair ${position + 1}`, imageId } of pairs) {
    signal?.throwIfAborted();
    const key = imageId ?? `${position++}`;
    const reason = preCaption(caption) === "" ? "its caption has no word" : await problemOf(image, signal);
    if (reason !== undefined) {
      skip({ id, reason });
      continue;
    }
    if (!groups.has(key)) groups.set(key, groups.size);
    used.push({ id, image, caption: preCaption(caption), group: groups.get(key)! });
  }
  return used;
}

function nameOf(image: TrainingPair["image"]): string | undefined {
  return typeof File !== "undefined" && image instanceof File ? image.name : undefined;
}

async function problemOf(image: TrainingPair["image"], signal: AbortSignal | undefined): Promise<string | undefined> {
  try {
    await readRaw(image, signal);
    return undefined;
  } catch (error) {
    if (signal?.aborted) throw error;
    return (error as Error).message;
  }
}

/** A part to train on and one to measure by. All captions of a picture fall into the same part. */
export function splitPairs(pairs: readonly UsedPair[], { heldOutPairs, seed }: FinetunePlan) {
  const groups = shuffled([...new Set(pairs.map(({ group }) => group))], randomAt({ seed, stream: [SPLIT] }));
  const held = new Set<number>();
  let count = 0;
  for (const group of groups) {
    const size = pairs.filter((pair) => pair.group === group).length;
    if (count + size > heldOutPairs) continue;
    held.add(group);
    count += size;
  }
  return {
    train: pairs.filter(({ group }) => !held.has(group)),
    heldOut: pairs.filter(({ group }) => held.has(group)),
  };
}

/** The order of the pairs in one pass. */
export function orderOf(count: number, epoch: number, { seed }: FinetunePlan): number[] {
  const places = Array.from({ length: count }, (_, i) => i);
  return shuffled(places, randomAt({ seed, stream: [ORDER, epoch] }));
}

function shuffled<T>(items: readonly T[], draw: () => number): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(draw() * (i + 1));
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}

export interface TextOptions {
  readonly tokenizer: Tokenizer;
  readonly maxPositions: number;
}

/** One length for all captions, so that one program serves every batch. */
export function lengthOf(pairs: readonly UsedPair[], { tokenizer, maxPositions }: TextOptions): number {
  const maxLength = Math.min(MAX_TOKENS, maxPositions);
  const longest = tokenizer.encode(
    pairs.map(({ caption }) => caption),
    { maxLength },
  ).length;
  return Math.min(maxLength, bucketOf(longest, LENGTHS));
}

export interface BatchOptions extends TextOptions {
  readonly plan: FinetunePlan;
  readonly size: number;
  readonly length: number;
  readonly signal?: AbortSignal | undefined;
}

/** A batch as the training step takes it: pictures augmented as drawn for this place of this pass. */
export async function trainingBatch(
  pairs: readonly UsedPair[],
  { epoch, places }: { readonly epoch: number; readonly places: readonly number[] },
  options: BatchOptions,
) {
  const { plan, size, length, tokenizer, signal } = options;
  const chosen = places.map((place) => pairs[place]!);
  const images = await Promise.all(
    chosen.map(async ({ image }, i) => {
      const raw = await readRaw(image, signal);
      const draw = randomAt({ seed: plan.seed, stream: [TRANSFORM, epoch, places[i]!] });
      return transformImage(raw, drawTransform(raw, draw, TRAIN_TRANSFORMS[plan.augment]), { size });
    }),
  );
  const { inputIds, attentionMask } = tokenizer.encode(
    chosen.map(({ caption }) => caption),
    { maxLength: length, padTo: length },
  );
  const ids = Int32Array.from(chosen, ({ group }) => group);
  return { image: concatRows(images), inputIds, attentionMask, ids, names: chosen.map(({ id }) => id) };
}

/** The pictures and texts of pairs, untouched, for measuring. */
export async function plainInputs(pairs: readonly UsedPair[], options: Omit<BatchOptions, "plan">) {
  const { size, length, tokenizer, signal } = options;
  const images = await Promise.all(pairs.map(({ image }) => readPixels(image, size, signal)));
  const texts = tokenizer.encode(
    pairs.map(({ caption }) => caption),
    { maxLength: length, padTo: length },
  );
  return { images, texts };
}
