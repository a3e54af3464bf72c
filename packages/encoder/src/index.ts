export { type CheckpointMap, type CheckpointTask, checkpointMap } from "./checkpoint-maps.ts";
export {
  ALBEF_BASE,
  type AlbefConfig,
  imageTokenCount,
  type TextConfig,
  type VisionConfig,
  withImageSize,
} from "./config.ts";
export { ConfigError, formatConfig, parseConfig } from "./config-file.ts";
export { configFromShapes, type HeadCounts } from "./config-from-shapes.ts";
export {
  type FusionInputs,
  type FusionResult,
  fusionEncoder,
  fusionParameters,
  type ImageKeys,
  imageKeys,
} from "./fusion-encoder.ts";
export {
  AUGMENT_NAMES,
  type Augment,
  type AugmentName,
  applyAugments,
  augmentAt,
  type Crop,
  cropRgb,
  type Draw,
  drawAugments,
  drawCrop,
  drawGaussian,
  drawInteger,
  drawTransform,
  flipHorizontally,
  type RandAugmentOptions,
  type RandomCropOptions,
  type RandomPlace,
  type RgbImage,
  randomAt,
  rgbImage,
  TRAIN_TRANSFORMS,
  TRAINING_AUGMENTS,
  type TrainTransform,
  type TransformDraw,
  type TransformOptions,
  transformImage,
  transformRgb,
  usedAugments,
} from "./image/augment/index.ts";
export {
  type DecodableImage,
  type DecodeOptions,
  decodeImage,
  IMAGE_MEAN,
  IMAGE_STD,
  ImageError,
  normalizeRgb,
  preprocessImage,
  type RawImage,
  resizeRgb,
  type Size,
  toRgb,
} from "./image/index.ts";
export { interpolatePositions, resizeBicubic } from "./image/pos-embed-interpolation.ts";
export {
  type VisionParameters,
  type VisionResult,
  visionEncoder,
  visionParameters,
} from "./image/vision-encoder.ts";
export { type KeySpec, type KeyTable, momentumKey } from "./keys.ts";
export { type Attend, type AttendOf, attend } from "./layers/attention.ts";
export { type AroundBlock, type BlockRun, enter } from "./layers/block-run.ts";
export { applyLayerNorm, type LayerNormParameters, layerNormParameters } from "./layers/layernorm.ts";
export { applyLinear, applyMatrix, type LinearParameters, linearParameters } from "./layers/linear.ts";
export { type ParameterSource, parameterSource, type WeightSpecs, type WeightTensor } from "./layers/parameters.ts";
export { watchAttention } from "./layers/watch-attention.ts";
export {
  decoderConfig,
  type OfficialModel,
  type OfficialModelName,
  officialKeys,
  officialModels,
  pairConfig,
} from "./official-models.ts";
export {
  type PairInputs,
  type PairLayers,
  type PairOptions,
  type PairSharing,
  pairEncoder,
  pairParameters,
} from "./pair-encoder.ts";
export { type KeysAndValues, keysAndValues } from "./text/bert-attention.ts";
export { type CachedLayerInputs, cachedBertLayer } from "./text/bert-cache.ts";
export { type BertEmbeddingParameters, bertEmbeddingParameters, embedTokens } from "./text/bert-embeddings.ts";
export {
  type BertLayers,
  type BertStackResult,
  bertLayersParameters,
  bertStack,
} from "./text/bert-stack.ts";
export { type TextDropoutOptions, textDropout } from "./text/dropout.ts";
export {
  type EncodedText,
  type EncodeOptions,
  loadTokenizer,
  preCaption,
  preQuestion,
  type Tokenizer,
  tokenizerFromVocab,
} from "./text/input.ts";
export {
  type TextInputs,
  type TextParameters,
  type TextResult,
  textEncoder,
  textParameters,
} from "./text/text-encoder.ts";
