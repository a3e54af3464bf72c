import type { Arithmetic, RgbImage } from "./rgb-image.ts";

const LEVELS = 256;

/** numpy's clip(0, 255).astype(uint8): cut off, then the fraction dropped. */
const toByte = (value: number): number => Math.trunc(Math.min(Math.max(value, 0), LEVELS - 1));

function tableOf(entry: (level: number) => number): Uint8Array {
  return Uint8Array.from({ length: LEVELS }, (_, level) => entry(level));
}

function mapChannels({ width, height, data }: RgbImage, tables: readonly [Uint8Array, Uint8Array, Uint8Array]) {
  const [red, green, blue] = tables;
  const result = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i += 3) {
    result[i] = red[data[i]!]!;
    result[i + 1] = green[data[i + 1]!]!;
    result[i + 2] = blue[data[i + 2]!]!;
  }
  return { width, height, data: result };
}

function mapLevels(image: RgbImage, entry: (level: number) => number): RgbImage {
  const table = tableOf(entry);
  return mapChannels(image, [table, table, table]);
}

/** Pixels of each level in one channel. */
function histogram({ data }: RgbImage, channel: number): Uint32Array {
  const counts = new Uint32Array(LEVELS);
  for (let i = channel; i < data.length; i += 3) counts[data[i]!]!++;
  return counts;
}

function mapByHistogram(image: RgbImage, tableFor: (counts: Uint32Array) => Uint8Array): RgbImage {
  const tableAt = (channel: number) => tableFor(histogram(image, channel));
  return mapChannels(image, [tableAt(0), tableAt(1), tableAt(2)]);
}

/**
 * Each channel is stretched to the full range (autocontrast_func, cutoff 0). Official code negates the lowest level in 8
 * bits, so that a channel without level 0 turns white altogether: `faithful` does that too.
 */
export function autoContrast(image: RgbImage, { faithful }: Arithmetic): RgbImage {
  return mapByHistogram(image, (counts) => {
    const low = counts.findIndex((count) => count > 0);
    const high = counts.findLastIndex((count) => count > 0);
    if (high <= low) return tableOf((level) => level);
    const scale = (LEVELS - 1) / (high - low);
    const offset = (faithful ? -low & 0xff : -low) * scale;
    return tableOf((level) => toByte(level * scale + offset));
  });
}

/** Each channel's histogram is made even (equalize_func). */
export function equalize(image: RgbImage): RgbImage {
  return mapByHistogram(image, (counts) => {
    const total = counts.reduce((sum, count) => sum + count, 0);
    const last = counts.findLast((count) => count > 0) ?? 0;
    const step = Math.floor((total - last) / (LEVELS - 1));
    if (step === 0) return tableOf((level) => level);
    let sum = Math.floor(step / 2);
    return tableOf((level) => {
      if (level > 0) sum += counts[level - 1]!;
      return toByte(Math.floor(sum / step));
    });
  });
}

/** Levels times `factor`, in f32 (brightness_func). */
export function brightness(image: RgbImage, factor: number): RgbImage {
  const single = Math.fround(factor);
  return mapLevels(image, (level) => toByte(Math.fround(level * single)));
}

/** Levels drawn away from the mean luminance by `factor`. The weights stand in BGR order, as official. */
export function contrast(image: RgbImage, factor: number): RgbImage {
  const pixels = image.data.length / 3;
  const meanOf = (channel: number) =>
    histogram(image, channel).reduce((sum, count, level) => sum + count * level, 0) / pixels;
  const mean = meanOf(0) * 0.114 + meanOf(1) * 0.587 + meanOf(2) * 0.299;
  return mapLevels(image, (level) => toByte((level - mean) * factor + mean));
}

/** Levels from `threshold` on are inverted (solarize_func). */
export function solarize(image: RgbImage, threshold: number): RgbImage {
  return mapLevels(image, (level) => (level < threshold ? level : LEVELS - 1 - level));
}

/** Only the upper `bits` of a level are kept (posterize_func). */
export function posterize(image: RgbImage, bits: number): RgbImage {
  return mapLevels(image, (level) => level & (0xff << (8 - bits)));
}
