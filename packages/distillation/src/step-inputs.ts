import type { Tensor, Tracer } from "@albef/core";
import type { AlbefConfig } from "@albef/encoder";
import type { ObjectiveOptions } from "./objective-options.ts";

export interface BatchShape {
  readonly batch: number;
  /** Tokens of a text, [CLS] and padding included. */
  readonly length: number;
}

/** The inputs of `pairTask`; absent are those that its objective does not read. */
export interface StepInputs {
  /** f32 [batch, 3, size, size] */
  readonly image: Tensor;
  /** i32 [batch, L] */
  readonly inputIds: Tensor;
  /** f32 [batch, L], 1 = keep. */
  readonly attentionMask: Tensor;
  /** f32 []: share of the pseudo-targets. */
  readonly alpha: Tensor;
  /** i32 [batch, L]: the texts with words hidden. */
  readonly maskedIds?: Tensor;
  /** i32 [batch, L]: the hidden words, -100 elsewhere. */
  readonly wordLabels?: Tensor;
  /** i32 [batch] */
  readonly ids?: Tensor;
  /** i32 [batch + queue]: ids of the batch, then of the queue's columns. */
  readonly allIds?: Tensor;
  /** u32 [] */
  readonly seed?: Tensor;
  /** i32 [batch], instead of drawn ones. */
  readonly negativeImages?: Tensor;
  readonly negativeTexts?: Tensor;
  /** i32 [1]: the first queue column to write. */
  readonly pointer?: Tensor;
}

export interface StepInputOptions {
  readonly config: AlbefConfig;
  readonly shape: BatchShape;
  readonly objective: ObjectiveOptions;
  /** Hard negatives come as inputs. */
  readonly givenNegatives: boolean;
}

/** Texts: i32 ids and f32 mask. */
export function textInputs(tracer: Tracer, { batch, length }: BatchShape) {
  return {
    inputIds: tracer.input("inputIds", { dtype: "i32", shape: [batch, length] }),
    attentionMask: tracer.input("attentionMask", { dtype: "f32", shape: [batch, length] }),
  };
}

/** The inputs that every task of pictures with one text each has: f32 image [batch, 3, size, size] and the texts. */
export function pairInputs(tracer: Tracer, config: AlbefConfig, shape: BatchShape) {
  const size = config.vision.imageSize;
  return {
    image: tracer.input("image", { dtype: "f32", shape: [shape.batch, 3, size, size] }),
    ...textInputs(tracer, shape),
  };
}

/** Declares the inputs that the objective reads, but for alpha. */
export function stepInputs(
  tracer: Tracer,
  { config, shape, objective, givenNegatives }: StepInputOptions,
): Omit<StepInputs, "alpha"> {
  const { batch, length } = shape;
  const words = (name: string) => tracer.input(name, { dtype: "i32", shape: [batch, length] });
  const whole = (name: string, count: number) => tracer.input(name, { dtype: "i32", shape: [count] });
  const contrasts = objective.itc || (objective.itm && objective.hardNegatives);
  const ids = objective.imageIds && (contrasts || objective.itm);
  return {
    ...pairInputs(tracer, config, shape),
    ...(objective.mlm && { maskedIds: words("maskedIds"), wordLabels: words("wordLabels") }),
    ...(ids && { ids: whole("ids", batch) }),
    ...(ids && contrasts && { allIds: whole("allIds", batch + objective.queueSize) }),
    ...(objective.itm && !givenNegatives && { seed: tracer.input("seed", { dtype: "u32", shape: [] }) }),
    ...(objective.itm && givenNegatives && { negativeImages: whole("negativeImages", batch) }),
    ...(objective.itm && givenNegatives && { negativeTexts: whole("negativeTexts", batch) }),
    ...(contrasts && objective.queueSize > 0 && { pointer: whole("pointer", 1) }),
  };
}
