import { ImageError } from "./raw-image.ts";

const PRECISION_BITS = 22; // PIL keeps 8-bit samples times 22-bit weights in 32 bits
const A = -0.5; // PIL's bicubic; PyTorch's position interpolation uses -0.75

/** An 8-bit RGB image of another size, bit-equal to PIL's Image.resize(BICUBIC): antialiased, columns first, then rows. */
export function resizeRgb(rgb: Uint8Array, from: Size, to: Size): Uint8Array {
  for (const [name, extent] of Object.entries({ ...to })) {
    if (!Number.isInteger(extent) || extent < 1)
      throw new ImageError(`resize: ${name} must be a positive whole number, got ${extent}`);
  }
  const narrow = from.width === to.width ? rgb : resizeColumns(rgb, from, to.width);
  return from.height === to.height ? narrow : resizeRows(narrow, { width: to.width, height: from.height }, to.height);
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

interface Weights {
  /** First source sample of each output sample. */
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  /** Fixed-point weights, `stride` per output sample. */
  readonly values: Int32Array;
  readonly stride: number;
}

function resizeColumns(rgb: Uint8Array, { width, height }: Size, target: number): Uint8Array {
  const { starts, counts, values, stride } = filterWeights(width, target);
  const result = new Uint8Array(target * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < target; x++) {
      for (let c = 0; c < 3; c++) {
        let total = 1 << (PRECISION_BITS - 1);
        for (let i = 0; i < counts[x]!; i++)
          total += rgb[(y * width + starts[x]! + i) * 3 + c]! * values[x * stride + i]!;
        result[(y * target + x) * 3 + c] = clip(total);
      }
    }
  }
  return result;
}

function resizeRows(rgb: Uint8Array, { width, height }: Size, target: number): Uint8Array {
  const { starts, counts, values, stride } = filterWeights(height, target);
  const row = width * 3;
  const result = new Uint8Array(target * row);
  for (let y = 0; y < target; y++) {
    for (let x = 0; x < row; x++) {
      let total = 1 << (PRECISION_BITS - 1);
      for (let i = 0; i < counts[y]!; i++) total += rgb[(starts[y]! + i) * row + x]! * values[y * stride + i]!;
      result[y * row + x] = clip(total);
    }
  }
  return result;
}

function clip(total: number): number {
  return Math.min(Math.max(total >> PRECISION_BITS, 0), 255);
}

/** The filter stretches with the scale when shrinking: that is the antialiasing. */
function filterWeights(source: number, target: number): Weights {
  const scale = source / target;
  const stretch = Math.max(scale, 1);
  const support = 2 * stretch;
  const stride = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(target);
  const counts = new Int32Array(target);
  const values = new Int32Array(target * stride);
  for (let i = 0; i < target; i++) {
    const center = (i + 0.5) * scale;
    const start = Math.max(Math.trunc(center - support + 0.5), 0);
    const end = Math.min(Math.trunc(center + support + 0.5), source);
    const weights = Array.from({ length: end - start }, (_, k) => cubic((k + start - center + 0.5) / stretch));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    starts[i] = start;
    counts[i] = end - start;
    for (const [k, weight] of weights.entries()) {
      const fixed = (weight / total) * 2 ** PRECISION_BITS;
      values[i * stride + k] = Math.trunc(fixed + (fixed < 0 ? -0.5 : 0.5));
    }
  }
  return { starts, counts, values, stride };
}

function cubic(position: number): number {
  const x = Math.abs(position);
  if (x < 1) return ((A + 2) * x - (A + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * A;
  return 0;
}
