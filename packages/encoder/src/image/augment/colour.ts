import type { Arithmetic, RgbImage } from "./rgb-image.ts";

const fround = Math.fround;

// Row c of the matrix weighs channel c of the input; the luminance weights stand in BGR order, as official.
const SATURATION = [
  [0.886, -0.114, -0.114],
  [-0.587, 0.413, -0.587],
  [-0.299, -0.299, 0.701],
] as const;
const LUMINANCE = [0.114, 0.587, 0.299] as const;

/** Saturation by `factor`: 0 grey, 1 unchanged (color_func, f32). */
export function color({ width, height, data }: RgbImage, factor: number): RgbImage {
  const matrix = SATURATION.map((row, i) =>
    row.map((value) => fround(fround(fround(value) * fround(factor)) + fround(LUMINANCE[i]!))),
  );
  const result = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i += 3) {
    for (let c = 0; c < 3; c++) {
      let sum = 0;
      for (let k = 0; k < 3; k++) sum = fround(sum + data[i + k]! * matrix[k]![c]!);
      result[i + c] = Math.trunc(Math.min(Math.max(sum, 0), 255));
    }
  }
  return { width, height, data: result };
}

/**
 * Sharpness by `factor` against a smoothed image: 0 smooth, 1 unchanged (sharpness_func, f32). The outermost pixels stay.
 * Official code casts without cutting off, so that bright edges wrap around to black: `faithful` does that too.
 */
export function sharpness(image: RgbImage, factor: number, { faithful }: Arithmetic): RgbImage {
  const { width, height, data } = image;
  const result = data.slice();
  const row = width * 3;
  const single = fround(factor);
  for (let y = 1; y < height - 1; y++) {
    for (let i = y * row + 3; i < (y + 1) * row - 3; i++) {
      const smooth = smoothed(data, i, row);
      const level = Math.trunc(fround(smooth + fround(single * (data[i]! - smooth))));
      result[i] = faithful ? level & 0xff : Math.min(Math.max(level, 0), 255);
    }
  }
  return { width, height, data: result };
}

/** Eight neighbours of weight 1 and the middle of weight 5, over 13, rounded. */
function smoothed(data: Uint8Array, i: number, row: number): number {
  let sum = 4 * data[i]!;
  for (const at of [i - row, i, i + row]) sum += data[at - 3]! + data[at]! + data[at + 3]!;
  return Math.round(sum / 13);
}
