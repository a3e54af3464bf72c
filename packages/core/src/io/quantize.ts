import { WeightError } from "./errors.ts";

/**
 * Weight-only integers: a matrix [rows, columns] as signed integers of `bits` bits, `group` neighbours of a row sharing a
 * scale. A file holds `<name>` U32 [rows, columns * bits / 32], the first integer in the lowest bits of a word, and
 * `<name>.scales` F32 [rows, columns / group]; value = integer * scale.
 */
export interface QuantizeOptions {
  readonly bits: 8 | 4;
  readonly group: number;
}

export interface QuantizedMatrix {
  readonly packed: Uint32Array<ArrayBuffer>;
  readonly scales: Float32Array<ArrayBuffer>;
}

/** Rounds a matrix to integers. Every value moves by at most half its group's scale. */
export function quantizeMatrix(values: Float32Array, columns: number, options: QuantizeOptions): QuantizedMatrix {
  const { bits, group } = options;
  const perWord = 32 / bits;
  if (columns % group !== 0 || group % perWord !== 0) {
    throw new WeightError(`quantize: groups of ${group} ${bits}-bit integers do not fit rows of ${columns}`);
  }
  const most = 2 ** (bits - 1) - 1;
  const packed = new Uint32Array(values.length / perWord);
  const scales = new Float32Array(values.length / group);
  for (let g = 0; g < scales.length; g++) {
    const part = values.subarray(g * group, (g + 1) * group);
    const scale = Math.fround(part.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) / most);
    scales[g] = scale;
    for (const [i, value] of part.entries()) {
      const integer = scale > 0 ? Math.max(-most, Math.min(most, Math.round(value / scale))) : 0;
      const at = g * group + i;
      packed[Math.floor(at / perWord)]! |= (integer & (2 ** bits - 1)) << ((at % perWord) * bits);
    }
  }
  return { packed, scales };
}

/** The values that a quantised matrix stands for. */
export function dequantizeMatrix({ packed, scales }: QuantizedMatrix, { bits, group }: QuantizeOptions): Float32Array {
  const perWord = 32 / bits;
  return Float32Array.from({ length: packed.length * perWord }, (_, i) => {
    const shifted = packed[Math.floor(i / perWord)]! << (32 - bits * ((i % perWord) + 1));
    return (shifted >> (32 - bits)) * scales[Math.floor(i / group)]!;
  });
}
