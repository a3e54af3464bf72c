import { ShapeError } from "@albef/core";

/** A picture with interleaved channels, row by row. */
interface Grid {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly data: Float32Array;
}

interface Taps {
  readonly indices: readonly number[];
  readonly weights: readonly number[];
}

const A = -0.75; // PyTorch's cubic; PIL, which resizes the images themselves, has -0.5

/** The cubic convolution kernel at distance x (Keys 1981). */
function cubic(x: number): number {
  const d = Math.abs(x);
  if (d <= 1) return ((A + 2) * d - (A + 3)) * d * d + 1;
  if (d < 2) return ((A * d - 5 * A) * d + 8 * A) * d - 4 * A;
  return 0;
}

/** The four samples that make each of `target` places, with indices clamped at the border and no antialiasing. */
function tapsOf(source: number, target: number): Taps[] {
  return Array.from({ length: target }, (_, i) => {
    const at = ((i + 0.5) * source) / target - 0.5;
    const left = Math.floor(at);
    const places = [left - 1, left, left + 1, left + 2];
    return {
      indices: places.map((place) => Math.min(Math.max(place, 0), source - 1)),
      weights: places.map((place) => cubic(at - place)),
    };
  });
}

/** Bicubic resize as torch.nn.functional.interpolate(mode="bicubic", align_corners=False). */
export function resizeBicubic(grid: Grid, height: number, width: number): Float32Array {
  const { channels, data } = grid;
  const columns = tapsOf(grid.width, width);
  const rows = tapsOf(grid.height, height);
  const wide = new Float64Array(grid.height * width * channels);
  for (let y = 0; y < grid.height; y++) {
    for (const [x, { indices, weights }] of columns.entries()) {
      for (let c = 0; c < channels; c++) {
        let total = 0;
        for (let k = 0; k < 4; k++) total += weights[k]! * data[(y * grid.width + indices[k]!) * channels + c]!;
        wide[(y * width + x) * channels + c] = total;
      }
    }
  }
  const result = new Float32Array(height * width * channels);
  const rowSize = width * channels;
  for (const [y, { indices, weights }] of rows.entries()) {
    for (let i = 0; i < rowSize; i++) {
      let total = 0;
      for (let k = 0; k < 4; k++) total += weights[k]! * wide[indices[k]! * rowSize + i]!;
      result[y * rowSize + i] = total;
    }
  }
  return result;
}

/**
 * Position embeddings [1, tokens, width] for a grid of `patchesPerSide` squared (official models/vit.py
 * interpolate_pos_embed): the row of the class token stays, the others are resized as a square picture. The same grid
 * gives the same data. Throws ShapeError where the tokens without the class token are no square.
 */
export function interpolatePositions(
  data: Float32Array,
  { width, patchesPerSide }: { readonly width: number; readonly patchesPerSide: number },
): Float32Array {
  const side = Math.round(Math.sqrt(data.length / width - 1));
  if (data.length !== (side * side + 1) * width) {
    throw new ShapeError(
      `interpolatePositions: ${data.length} values are no class token and square grid of ${width}-wide positions`,
    );
  }
  if (side === patchesPerSide) return data;
  const grid = { height: side, width: side, channels: width, data: data.subarray(width) };
  const result = new Float32Array((patchesPerSide ** 2 + 1) * width);
  result.set(data.subarray(0, width));
  result.set(resizeBicubic(grid, patchesPerSide, patchesPerSide), width);
  return result;
}
