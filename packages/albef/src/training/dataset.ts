import { drawMasking, maskWords, type TrainingBatch } from "@albef/distillation";
import {
  type AlbefConfig,
  drawInteger,
  drawTransform,
  preCaption,
  randomAt,
  type Tokenizer,
  TRAIN_TRANSFORMS,
  transformImage,
} from "@albef/encoder";
import { bucketOf, concatRows } from "../model/batches.ts";
import { readPixels, readRaw } from "../model/images.ts";
import type { Lesson } from "./lesson.ts";
import type { FinetunePlan, TrainingPair } from "./types.ts";
import type { PicturedPair, UsedPair } from "./used-pair.ts";

const LENGTHS = [8, 16];
/** Streams of the random numbers. */
const SPLIT = 1;
const ORDER = 2;
const TRANSFORM = 3;
const CAPTION = 5;
const MASKING = 6;
const SECOND = 8; // TRANSFORM of second pictures

/** The pairs that can be used: every picture is decoded once to see that it can be. `skip` is told of the others. */
export async function usablePairs(
  pairs: Iterable<PicturedPair> | AsyncIterable<PicturedPair>,
  skip: (skipped: { readonly id: string; readonly reason: string }) => void,
  signal?: AbortSignal,
): Promise<UsedPair[]> {
  const used: UsedPair[] = [];
  const groups = new Map<string, number>();
  let position = 0;
  let place = -1;
  for await (const pair of pairs) {
    const { image, second, caption, id = nameOf(image) ?? `pair ${position + 1}`, imageId } = pair;
    signal?.throwIfAborted();
    place++;
    const key = imageId ?? `${position++}`;
    const reason = preCaption(caption) === "" ? "its caption has no word" : await problemOf([image, second], signal);
    if (reason !== undefined) {
      skip({ id, reason });
      continue;
    }
    if (!groups.has(key)) groups.set(key, groups.size);
    used.push({ id, image, second, captions: [preCaption(caption)], group: groups.get(key)!, place });
  }
  return used;
}

/** One item for each picture, with all its captions. */
export function byPicture(pairs: readonly UsedPair[]): UsedPair[] {
  const items = new Map<number, UsedPair>();
  for (const pair of pairs) {
    const known = items.get(pair.group);
    items.set(pair.group, known ? { ...known, captions: [...known.captions, ...pair.captions] } : pair);
  }
  return [...items.values()];
}

function nameOf(image: TrainingPair["image"]): string | undefined {
  return typeof File !== "undefined" && image instanceof File ? image.name : undefined;
}

async function problemOf(
  images: readonly (TrainingPair["image"] | undefined)[],
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  try {
    for (const image of images) if (image) await readRaw(image, signal);
    return undefined;
  } catch (error) {
    if (signal?.aborted) throw error;
    return (error as Error).message;
  }
}

/** A part to train on and one to measure by. All captions of a picture fall into the same part. */
export function splitPairs(pairs: readonly UsedPair[], { heldOutPairs, seed }: FinetunePlan) {
  const sizes = new Map<number, number>();
  for (const { group } of pairs) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  const held = new Set<number>();
  let count = 0;
  for (const group of shuffled([...sizes.keys()], randomAt({ seed, stream: [SPLIT] }))) {
    const size = sizes.get(group)!;
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
  /** Longest text in tokens. */
  readonly maxTokens: number;
}

/** One length for all captions, so that one program serves every batch. */
export function lengthOf(pairs: readonly UsedPair[], { tokenizer, maxTokens }: TextOptions): number {
  let longest = 0;
  for (const { captions } of pairs) {
    for (const caption of captions) longest = Math.max(longest, tokenizer.ids(caption).length);
  }
  return Math.min(maxTokens, bucketOf(longest, [...LENGTHS, maxTokens]));
}

export interface BatchOptions extends Omit<TextOptions, "maxTokens"> {
  readonly config: AlbefConfig;
  readonly length: number;
  readonly signal?: AbortSignal | undefined;
}

export interface BatchPlace {
  readonly epoch: number;
  /** Position of the batch in the whole training. */
  readonly number: number;
  /** Which pairs. */
  readonly places: readonly number[];
}

/** A batch as the training step takes it: pictures augmented, captions and hidden words as drawn for this place. */
export async function trainingBatch(
  pairs: readonly UsedPair[],
  { epoch, number, places }: BatchPlace,
  { plan, lesson, ...options }: BatchOptions & { readonly plan: FinetunePlan; readonly lesson?: Lesson | undefined },
): Promise<{ readonly inputs: TrainingBatch; readonly names: readonly string[] }> {
  const { config, length, tokenizer, signal } = options;
  const { seed, augment, objective } = plan;
  const chosen = places.map((place) => pairs[place]!);
  const drawAt = (purpose: number, i: number) => randomAt({ seed, stream: [purpose, epoch, places[i]!] });
  const transformed = async (image: TrainingPair["image"], draw: () => number) => {
    const raw = await readRaw(image, signal);
    const drawn = drawTransform(raw, draw, TRAIN_TRANSFORMS[augment]);
    return transformImage(raw, drawn, { size: config.vision.imageSize });
  };
  const images = await Promise.all([
    ...chosen.map(({ image }, i) => transformed(image, drawAt(TRANSFORM, i))),
    ...chosen.flatMap(({ second }, i) => (second ? [transformed(second, drawAt(SECOND, i))] : [])),
  ]);
  const texts = tokenizer.encode(
    chosen.map(({ captions }, i) => captions[drawInteger(drawAt(CAPTION, i), captions.length)]!),
    { maxLength: length, padTo: length },
  );
  const batch = { image: concatRows(images), inputIds: texts.inputIds, attentionMask: texts.attentionMask };
  const given = { ...batch, ids: Int32Array.from(chosen, ({ group }) => group), seed: Uint32Array.of(seed + number) };
  const hidden = objective.mlm ? hiddenWords(texts.inputIds, number, { plan, config }) : {};
  return { inputs: { ...given, ...hidden, ...lesson?.targets?.(chosen) }, names: chosen.map(({ id }) => id) };
}

function hiddenWords(
  inputIds: Int32Array,
  number: number,
  { plan, config }: { readonly plan: FinetunePlan; readonly config: AlbefConfig },
) {
  const masking = { vocabSize: config.text.vocabSize, probability: plan.mlmProbability };
  const draws = drawMasking(inputIds.length, randomAt({ seed: plan.seed, stream: [MASKING, number] }), masking);
  const masked = maskWords(inputIds, draws, config.tokens, { faithful: plan.objective.faithful });
  return { maskedIds: masked.inputIds, wordLabels: masked.labels };
}

/** The pictures and first captions of pairs, untouched, for measuring. */
export async function plainInputs(pairs: readonly UsedPair[], { config, length, tokenizer, signal }: BatchOptions) {
  const images = await Promise.all(pairs.map(({ image }) => readPixels(image, config.vision.imageSize, signal)));
  const texts = tokenizer.encode(
    pairs.map(({ captions }) => captions[0]),
    { maxLength: length, padTo: length },
  );
  return { images, texts };
}
