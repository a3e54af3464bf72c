import { type RawImage, toRgb } from "./raw-image.ts";
import { resizeRgb } from "./resize.ts";

/** CLIP's channel statistics, which ALBEF uses (dataset/__init__.py). */
export const IMAGE_MEAN = [0.48145466, 0.4578275, 0.40821073] as const;
export const IMAGE_STD = [0.26862954, 0.26130258, 0.27577711] as const;

/** 8-bit RGB [height, width, 3] as normalised f32 [3, height, width]. */
export function normalizeRgb(rgb: Uint8Array): Float32Array<ArrayBuffer> {
  const count = rgb.length / 3;
  const result = new Float32Array(rgb.length);
  for (let channel = 0; channel < 3; channel++) {
    const mean = Math.fround(IMAGE_MEAN[channel]!);
    const std = Math.fround(IMAGE_STD[channel]!);
    for (let i = 0; i < count; i++) {
      result[channel * count + i] = (Math.fround(rgb[i * 3 + channel]! / 255) - mean) / std;
    }
  }
  return result;
}

/** The official test transform: RGB, bicubic resize to size x size (aspect not kept), normalised f32 [3, size, size]. */
export function preprocessImage(image: RawImage, size: number): Float32Array<ArrayBuffer> {
  const rgb = toRgb(image);
  return normalizeRgb(resizeRgb(rgb, image, { width: size, height: size }));
}
