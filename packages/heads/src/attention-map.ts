/** One image's attention over its patches: data f32 [heads, rows, side * side], rows being the tokens of the text. */
export interface AttentionRows {
  readonly data: Float32Array;
  readonly heads: number;
  readonly rows: number;
  readonly side: number;
}

export interface MapChoice {
  /** One head; default: the mean over all. */
  readonly head?: number | undefined;
  /** Rows to average; default: all, padded ones included. */
  readonly rows?: readonly number[] | undefined;
  /** What the sum over the rows is divided by; default: how many they are. */
  readonly divisor?: number | undefined;
}

/** The mean over heads and rows as a picture f32 [side, side]. */
export function averageMap({ data, heads, rows: count, side }: AttentionRows, choice: MapChoice = {}): Float32Array {
  const { head, rows = Array.from({ length: count }, (_, row) => row), divisor = rows.length } = choice;
  const chosen = head === undefined ? Array.from({ length: heads }, (_, i) => i) : [head];
  const size = side * side;
  const map = new Float64Array(size);
  for (const h of chosen) {
    for (const row of rows) {
      const begin = (h * count + row) * size;
      for (let i = 0; i < size; i++) map[i]! += data[begin + i]!;
    }
  }
  return Float32Array.from(map, (sum) => sum / chosen.length / divisor);
}
