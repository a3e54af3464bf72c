import { normalizeRgb } from "../preprocess.ts";
import type { RawImage } from "../raw-image.ts";
import type { Size } from "../resize.ts";
import { type Augment, applyAugments, drawAugments, type RandAugmentOptions } from "./rand-augment.ts";
import type { Draw } from "./random.ts";
import { drawCrop, type RandomCropOptions } from "./random-resized-crop.ts";
import { type Crop, cropRgb, flipHorizontally, type RgbImage, resizeRgbImage, rgbImage } from "./rgb-image.ts";

export interface TrainTransform {
  /** Bounds of the random crop; `null` keeps the whole image, as grounding does. */
  readonly crop: RandomCropOptions | null;
  /** Probability of the mirror image. */
  readonly flip: number;
  /** `null` leaves RandAugment out. */
  readonly augment: RandAugmentOptions | null;
}

/** The official transforms (dataset/__init__.py): pre-training, fine-tuning, and grounding, whose boxes forbid crops. */
export const TRAIN_TRANSFORMS = {
  pretrain: { crop: { scale: [0.2, 1] }, flip: 0.5, augment: { count: 2, level: 7 } },
  finetune: { crop: { scale: [0.5, 1] }, flip: 0.5, augment: { count: 2, level: 7 } },
  grounding: { crop: null, flip: 0.5, augment: { count: 2, level: 7 } },
  none: { crop: null, flip: 0, augment: null },
} as const satisfies Readonly<Record<string, TrainTransform>>;

/** What was drawn for one image: plain data, to be kept, shown or given. */
export interface TransformDraw {
  readonly crop: Crop | null;
  readonly flip: boolean;
  readonly augments: readonly Augment[];
}

/** Draws in the order of the official transform: crop, flip, operations. */
export function drawTransform(image: Size, draw: Draw, { crop, flip, augment }: TrainTransform): TransformDraw {
  return {
    crop: crop && drawCrop(image, draw, crop),
    flip: flip > 0 && draw() < flip,
    augments: augment ? drawAugments(draw, augment) : [],
  };
}

export interface TransformOptions {
  /** Width and height of the result. */
  readonly size: number;
  /** Overflow of 8 bits as in the official code; see `applyAugments`. Default false. */
  readonly faithful?: boolean;
}

/** Crop, bicubic resize to size x size, mirror image and operations as drawn, in 8-bit RGB. */
export function transformRgb(image: RgbImage, drawn: TransformDraw, { size, faithful }: TransformOptions): RgbImage {
  const part = drawn.crop ? cropRgb(image, drawn.crop) : image;
  const resized = resizeRgbImage(part, { width: size, height: size });
  const turned = drawn.flip ? flipHorizontally(resized) : resized;
  return applyAugments(turned, drawn.augments, faithful === undefined ? {} : { faithful });
}

/** The training input of an image: normalised f32 [3, size, size]. */
export function transformImage(image: RawImage, drawn: TransformDraw, options: TransformOptions): Float32Array {
  return normalizeRgb(transformRgb(rgbImage(image), drawn, options).data);
}
