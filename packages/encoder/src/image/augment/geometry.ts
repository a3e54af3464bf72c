import type { RgbImage } from "./rgb-image.ts";
import { warpAffine } from "./warp.ts";

const fround = Math.fround; // the official maps are f32 arrays, but for the rotation's

/** Rows are pushed sideways by `factor` of their height, from the top row on. */
export function shearX(image: RgbImage, factor: number): RgbImage {
  return warpAffine(image, [1, fround(factor), 0, 0, 1, 0]);
}

/** Columns are pushed down by `factor` of their distance from the left edge. */
export function shearY(image: RgbImage, factor: number): RgbImage {
  return warpAffine(image, [1, 0, 0, fround(factor), 1, 0]);
}

/** Moved to the left by `offset` pixels. */
export function translateX(image: RgbImage, offset: number): RgbImage {
  return warpAffine(image, [1, 0, fround(-offset), 0, 1, 0]);
}

/** Moved up by `offset` pixels. */
export function translateY(image: RgbImage, offset: number): RgbImage {
  return warpAffine(image, [1, 0, 0, 0, 1, fround(-offset)]);
}

/** Turned counter-clockwise by `degrees` about the middle. */
export function rotate(image: RgbImage, degrees: number): RgbImage {
  const [x, y] = [image.width / 2, image.height / 2];
  const angle = degrees * (Math.PI / 180);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return warpAffine(image, [cos, sin, (1 - cos) * x - sin * y, -sin, cos, sin * x + (1 - cos) * y]);
}
