export { type DecodableImage, type DecodeOptions, decodeImage } from "./decode.ts";
export { IMAGE_MEAN, IMAGE_STD, normalizeRgb, preprocessImage } from "./preprocess.ts";
export { ImageError, type RawImage, toRgb } from "./raw-image.ts";
export { resizeRgb, type Size } from "./resize.ts";
