export {
  AUGMENT_NAMES,
  type Augment,
  type AugmentName,
  applyAugments,
  augmentAt,
  drawAugments,
  type RandAugmentOptions,
  TRAINING_AUGMENTS,
  usedAugments,
} from "./rand-augment.ts";
export { type Draw, drawGaussian, drawInteger, type RandomPlace, randomAt } from "./random.ts";
export { drawCrop, type RandomCropOptions } from "./random-resized-crop.ts";
export { type Arithmetic, type Crop, cropRgb, flipHorizontally, type RgbImage, rgbImage } from "./rgb-image.ts";
export {
  drawTransform,
  TRAIN_TRANSFORMS,
  type TrainTransform,
  type TransformDraw,
  type TransformOptions,
  transformImage,
  transformRgb,
} from "./train-transform.ts";
