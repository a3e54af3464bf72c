import type { TrainingBatch, TrainingTask } from "@albef/distillation";
import { randomAt } from "@albef/encoder";
import { byImage } from "../evaluate/by-image.ts";
import type { LoadedModel } from "../model/load.ts";
import type { TaskMetrics } from "./task-types.ts";
import type { UsedPair } from "./used-pair.ts";

/** What a downstream task adds to the trainer: losses, targets, a head that the model may lack, and how it is measured. */
export interface Lesson {
  /** Parameters of the head: they learn in full, with adapters too. */
  isHead(name: string): boolean;
  /** Parameters of the task that begin as copies of the model's, by name; what does not learn of them is read there. */
  readonly sources?: ReadonlyMap<string, string> | undefined;
  /** Layers of the text encoder, where the task has more of them than the model. */
  readonly layers?: number | undefined;
  /** Parameters that the losses read but send no gradient to. PyTorch's AdamW leaves such ones alone, decay and all. */
  isUnreached?(name: string): boolean;
  /** Where a parameter of the head begins that the model's files lack. */
  startValue?(name: string, seed: number): Promise<Float32Array | undefined>;
  /** Default: the losses of the goal's objective. */
  task?(shape: { readonly batch: number; readonly length: number }, distill: boolean): TrainingTask;
  /** What a batch holds beside pictures and texts. */
  targets?(chosen: readonly UsedPair[]): TrainingBatch;
  /** Of the items held out, by a model that has the weights as they are now. */
  measure(model: LoadedModel, heldOut: readonly UsedPair[]): Promise<TaskMetrics>;
  /** Whether alpha rises over the first pass; in visual entailment it does not (official VE.yaml). */
  readonly rampsAlpha: boolean;
}

const HEAD_START = 7; // stream of the random numbers

/** torch.nn.Linear's start: uniform within 1 / sqrt(inputs), of both weight and bias. */
export function linearStart(size: number, inputs: number, place: { readonly seed: number; readonly stream: number }) {
  const draw = randomAt({ seed: place.seed, stream: [HEAD_START, place.stream] });
  const bound = inputs ** -0.5;
  return Float32Array.from({ length: size }, () => (2 * draw() - 1) * bound);
}

/** The share of pairs that `isRight` finds right, each picture being encoded once: f32 [tokens, width]. */
export async function accuracyOver(
  model: LoadedModel,
  pairs: readonly UsedPair[],
  isRight: (imageStates: Float32Array, pair: UsedPair) => Promise<boolean>,
): Promise<TaskMetrics> {
  const entries = pairs.map((pair) => ({ image: String(pair.group), pair }));
  const pictures = new Map(entries.map(({ image, pair }) => [image, pair.image]));
  const work = async (states: Float32Array, own: readonly (typeof entries)[number][]) => {
    const right: boolean[] = [];
    for (const { pair } of own) right.push(await isRight(states, pair));
    return right;
  };
  const right = await byImage(model, entries, work, { read: (image) => pictures.get(image)! });
  const accuracy = (100 * right.filter(Boolean).length) / right.length;
  return { accuracy, mean: accuracy };
}

export async function listOf<T>(items: Iterable<T> | AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
