import { ImageError, type RawImage, toRgb } from "../raw-image.ts";
import { resizeRgb, type Size } from "../resize.ts";

/** 8-bit RGB, row by row, channels interleaved: what augmentation works on. */
export interface RgbImage extends Size {
  readonly data: Uint8Array;
}

/** How 8-bit overflow is met: as in the official code, or cut off. */
export interface Arithmetic {
  readonly faithful: boolean;
}

/** A rectangle of whole pixels inside an image. */
export interface Crop extends Size {
  readonly top: number;
  readonly left: number;
}

export function rgbImage(image: RawImage): RgbImage {
  return { width: image.width, height: image.height, data: toRgb(image) };
}

/** The part of an image that a rectangle covers. */
export function cropRgb({ width: stride, height: rows, data }: RgbImage, crop: Crop): RgbImage {
  const { top, left, width, height } = crop;
  const whole = [top, left, width, height].every((value) => Number.isInteger(value) && value >= 0);
  if (!whole || width < 1 || height < 1 || left + width > stride || top + height > rows) {
    throw new ImageError(
      `crop: ${width} x ${height} at (${left}, ${top}) does not lie inside an image of ${stride} x ${rows}`,
    );
  }
  const result = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const begin = ((top + y) * stride + left) * 3;
    result.set(data.subarray(begin, begin + width * 3), y * width * 3);
  }
  return { width, height, data: result };
}

/** The mirror image, left and right exchanged. */
export function flipHorizontally({ width, height, data }: RgbImage): RgbImage {
  const result = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * 3;
      result.set(data.subarray(from, from + 3), (y * width + width - 1 - x) * 3);
    }
  }
  return { width, height, data: result };
}

/** PIL's antialiased bicubic resize. */
export function resizeRgbImage(image: RgbImage, to: Size): RgbImage {
  return { ...to, data: resizeRgb(image.data, image, to) };
}
