import { color, sharpness } from "./colour.ts";
import { rotate, shearX, shearY, translateX, translateY } from "./geometry.ts";
import { autoContrast, brightness, contrast, equalize, posterize, solarize } from "./lookup.ts";
import type { Draw } from "./random.ts";
import type { Arithmetic, RgbImage } from "./rgb-image.ts";

interface Operation {
  /** The operation's argument at a level of 0 to 10; signed ones draw their sign. */
  value(level: number, draw: Draw): number;
  apply(image: RgbImage, value: number, arithmetic: Arithmetic): RgbImage;
}

const MAX_LEVEL = 10;
const MAX_SHIFT = 10; // pixels, whatever the image's size
const none = () => 0;
const enhance = (level: number) => (level / MAX_LEVEL) * 1.8 + 0.1;
const negativeAbove = (value: number, draw: Draw) => (draw() > 0.5 ? -value : value);
const shear = (level: number, draw: Draw) => negativeAbove((level / MAX_LEVEL) * 0.3, draw);
const shift = (level: number, draw: Draw) => negativeAbove((level / MAX_LEVEL) * MAX_SHIFT, draw);
/** The rotation alone is negative below a half. */
const turn = (level: number, draw: Draw) => (level / MAX_LEVEL) * (draw() < 0.5 ? -30 : 30);

const OPERATIONS = {
  Identity: { value: none, apply: (image) => image },
  AutoContrast: { value: none, apply: (image, _, arithmetic) => autoContrast(image, arithmetic) },
  Equalize: { value: none, apply: equalize },
  Rotate: { value: turn, apply: rotate },
  Solarize: { value: (level) => Math.trunc((level / MAX_LEVEL) * 256), apply: solarize },
  Color: { value: enhance, apply: color },
  Contrast: { value: enhance, apply: contrast },
  Brightness: { value: enhance, apply: brightness },
  Sharpness: { value: enhance, apply: sharpness },
  ShearX: { value: shear, apply: shearX },
  ShearY: { value: shear, apply: shearY },
  TranslateX: { value: shift, apply: translateX },
  TranslateY: { value: shift, apply: translateY },
  Posterize: { value: (level) => Math.trunc((level / MAX_LEVEL) * 4), apply: posterize },
} as const satisfies Readonly<Record<string, Operation>>;

export type AugmentName = keyof typeof OPERATIONS;

/** All operations of the official table (dataset/randaugment.py). */
export const AUGMENT_NAMES = Object.keys(OPERATIONS) as readonly AugmentName[];

/** Those that ALBEF trains with (dataset/__init__.py). */
export const TRAINING_AUGMENTS: readonly AugmentName[] = [
  "Identity",
  "AutoContrast",
  "Equalize",
  "Brightness",
  "Sharpness",
  "ShearX",
  "ShearY",
  "TranslateX",
  "TranslateY",
  "Rotate",
];

/** An operation with its argument: degrees, pixels, a factor, a threshold or bits; 0 where it takes none. */
export interface Augment {
  readonly name: AugmentName;
  readonly value: number;
}

export interface RandAugmentOptions {
  /** Operations drawn per image, with replacement. Default 2. */
  readonly count?: number;
  /** Strength, 0 to 10. Default 7. */
  readonly level?: number;
  /** Probability that a drawn operation is applied. Default 0.5. */
  readonly probability?: number;
  /** Operations to draw from. Default `TRAINING_AUGMENTS`. */
  readonly among?: readonly AugmentName[];
}

/** The operation at a level; rotation, shear and translation draw their sign. */
export function augmentAt(name: AugmentName, level: number, draw: Draw): Augment {
  return { name, value: operationOf(name).value(level, draw) };
}

/** The operations that one call of the official RandomAugment applies, names drawn first, then use and sign of each. */
export function drawAugments(
  draw: Draw,
  { count = 2, level = 7, probability = 0.5, among = TRAINING_AUGMENTS }: RandAugmentOptions = {},
): Augment[] {
  const names = Array.from({ length: count }, () => among[Math.floor(draw() * among.length)]!);
  return usedAugments(names, draw, { level, probability });
}

/** Of given names those that are used, with their arguments: a draw for the use, one more for the sign of signed ones. */
export function usedAugments(
  names: readonly AugmentName[],
  draw: Draw,
  { level = 7, probability = 0.5 }: Pick<RandAugmentOptions, "level" | "probability"> = {},
): Augment[] {
  return names.flatMap((name) => (draw() > probability ? [] : [augmentAt(name, level, draw)]));
}

/**
 * The image after the operations, in their order. With `faithful` bit-equal to dataset/randaugment.py on OpenCV 4.6, where
 * AutoContrast and Sharpness overflow 8 bits; by default those two cut off instead, and all else is bit-equal.
 */
export function applyAugments(
  image: RgbImage,
  augments: readonly Augment[],
  { faithful = false }: Partial<Arithmetic> = {},
): RgbImage {
  return augments.reduce((current, { name, value }) => operationOf(name).apply(current, value, { faithful }), image);
}

function operationOf(name: AugmentName): Operation {
  const operation: Operation | undefined = OPERATIONS[name];
  if (!operation) throw new TypeError(`augment: ${name} is none of ${AUGMENT_NAMES.join(", ")}`);
  return operation;
}
