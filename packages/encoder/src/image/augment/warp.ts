import type { RgbImage } from "./rgb-image.ts";

/** A 2 x 3 affine map of pixel positions, row by row. */
export type AffineMap = readonly [number, number, number, number, number, number];

const FILL = 128; // grey where the warped image leaves nothing
const PLACE_BITS = 10; // OpenCV keeps positions in 1/1024 pixel ...
const STEP_BITS = 5; // ... and samples at 1/32 pixel,
const STEPS = 1 << STEP_BITS;
const WEIGHT_BITS = 15; // with weights in 1/32768

/**
 * An image moved by `map` (from old to new positions), bilinear, of the same size: bit-equal to OpenCV's warpAffine in its
 * fixed-point arithmetic.
 */
export function warpAffine(image: RgbImage, map: AffineMap): RgbImage {
  const { width, height } = image;
  const back = inverse(map);
  const result = { width, height, data: new Uint8Array(image.data.length) };
  const place = (value: number) => roundHalfEven(value * 2 ** PLACE_BITS);
  const half = 2 ** (PLACE_BITS - STEP_BITS - 1);
  const columnX = Int32Array.from({ length: width }, (_, x) => place(back[0] * x));
  const columnY = Int32Array.from({ length: width }, (_, x) => place(back[3] * x));
  for (let y = 0, to = 0; y < height; y++) {
    const rowX = place(back[1] * y + back[2]) + half;
    const rowY = place(back[4] * y + back[5]) + half;
    for (let x = 0; x < width; x++, to += 3) {
      const atX = (rowX + columnX[x]!) >> (PLACE_BITS - STEP_BITS);
      const atY = (rowY + columnY[x]!) >> (PLACE_BITS - STEP_BITS);
      sample(image, atX, atY, { data: result.data, to });
    }
  }
  return result;
}

/** One pixel from the four around (x, y), given in 1/32 pixel. */
function sample({ width, height, data }: RgbImage, x: number, y: number, out: { data: Uint8Array; to: number }): void {
  const [left, top] = [x >> STEP_BITS, y >> STEP_BITS];
  const [dx, dy] = [x & (STEPS - 1), y & (STEPS - 1)];
  const inside = left >= 0 && top >= 0 && left + 1 < width && top + 1 < height;
  const at = (column: number, row: number, channel: number) =>
    inside || (column >= 0 && row >= 0 && column < width && row < height)
      ? data[(row * width + column) * 3 + channel]!
      : FILL;
  for (let c = 0; c < 3; c++) {
    const above = (STEPS - dx) * at(left, top, c) + dx * at(left + 1, top, c);
    const below = (STEPS - dx) * at(left, top + 1, c) + dx * at(left + 1, top + 1, c);
    const sum = ((STEPS - dy) * above + dy * below) << (WEIGHT_BITS - 2 * STEP_BITS);
    out.data[out.to + c] = (sum + (1 << (WEIGHT_BITS - 1))) >> WEIGHT_BITS;
  }
}

/** In OpenCV's order of operations: its roundings decide which 1/32 of a pixel is read. */
function inverse([a, b, c, d, e, f]: AffineMap): AffineMap {
  const determinant = a * e - b * d;
  const scale = determinant === 0 ? 0 : 1 / determinant;
  const [a11, a22] = [e * scale, a * scale];
  const [a12, a21] = [b * -scale, d * -scale];
  return [a11, a12, -a11 * c - a12 * f, a21, a22, -a21 * c - a22 * f];
}

/** To the nearest whole number; halves to the even one, as C's lrint and Python's round. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
