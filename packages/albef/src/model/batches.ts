export interface Batch {
  readonly begin: number;
  readonly size: number;
}

/** `count` items in batches of the given sizes (ascending, 1 first), largest first: nothing is padded, few shapes compile. */
export function batchesOf(count: number, sizes: readonly number[]): Batch[] {
  const batches: Batch[] = [];
  let begin = 0;
  for (const size of [...sizes].reverse()) {
    for (; count - begin >= size; begin += size) batches.push({ begin, size });
  }
  return batches;
}

/** Which places have each length, shortest first: what lies together needs no padding. */
export function equalLengths(
  lengths: readonly number[],
): { readonly length: number; readonly places: readonly number[] }[] {
  const places = new Map<number, number[]>();
  for (const [place, length] of lengths.entries()) {
    const same = places.get(length) ?? [];
    same.push(place);
    places.set(length, same);
  }
  return [...places].sort(([a], [b]) => a - b).map(([length, places]) => ({ length, places }));
}

/** The smallest bucket that holds `length`; the last where none does. */
export function bucketOf(length: number, buckets: readonly number[]): number {
  return buckets.find((bucket) => length <= bucket) ?? buckets.at(-1)!;
}

/** Rows of equal length, one after another. */
export function concatRows(rows: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const width = rows[0]?.length ?? 0;
  const all = new Float32Array(rows.length * width);
  for (const [i, row] of rows.entries()) all.set(row, i * width);
  return all;
}

/** [rows, width] as rows. */
export function splitRows(data: Float32Array, rows: number): Float32Array[] {
  const width = data.length / rows;
  return Array.from({ length: rows }, (_, row) => data.slice(row * width, (row + 1) * width));
}
