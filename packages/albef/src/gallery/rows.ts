import { floatsFrom, fromHalf, halvesFrom } from "@albef/core";
import type { FeatureDType } from "../types.ts";

export type StoredValues = Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Int8Array<ArrayBuffer>;

/** Feature vectors as they are stored: `values` [rows, width], int8 with one scale per row. */
export interface StoredRows {
  readonly dtype: FeatureDType;
  readonly rows: number;
  readonly width: number;
  readonly values: StoredValues;
  /** [rows]; only int8 reads it: value = scale * integer. */
  readonly scales: Float32Array<ArrayBuffer>;
}

const LARGEST = 127;

export function emptyRows(dtype: FeatureDType, rows: number, width: number): StoredRows {
  const Values = { f32: Float32Array, f16: Uint16Array, int8: Int8Array }[dtype];
  return {
    dtype,
    rows,
    width,
    values: new Values(rows * width),
    scales: new Float32Array(dtype === "int8" ? rows : 0),
  };
}

/** The same vectors with room for `rows`. */
export function grownRows(from: StoredRows, rows: number): StoredRows {
  const grown = emptyRows(from.dtype, rows, from.width);
  grown.values.set(from.values);
  grown.scales.set(from.scales);
  return grown;
}

/** Writes one vector; int8 rounds to 127 steps of its largest magnitude. */
export function storeRow({ dtype, width, values, scales }: StoredRows, row: number, vector: Float32Array): void {
  if (dtype === "f32") values.set(vector, row * width);
  else if (dtype === "f16") values.set(halvesFrom(vector), row * width);
  else {
    const scale = vector.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) / LARGEST;
    scales[row] = scale;
    for (let i = 0; i < width; i++) values[row * width + i] = scale > 0 ? Math.round(vector[i]! / scale) : 0;
  }
}

/** One vector as f32. */
export function loadRow({ dtype, width, values, scales }: StoredRows, row: number): Float32Array {
  const part = values.subarray(row * width, (row + 1) * width);
  if (dtype === "f16") return Float32Array.from(part, fromHalf);
  const scale = dtype === "int8" ? scales[row]! : 1;
  return Float32Array.from(part, (value) => value * scale);
}

/** The first `count` vectors as f32 [count, width]. */
export function loadRows({ dtype, width, values, scales }: StoredRows, count: number): Float32Array {
  const part = values.subarray(0, count * width);
  if (dtype === "f32") return part as Float32Array;
  if (dtype === "f16") return floatsFrom(part as Uint16Array);
  return Float32Array.from(part, (value, i) => value * scales[Math.floor(i / width)]!);
}

/** Some vectors, in the order of `picked`. */
export function pickRows(blocks: readonly StoredRows[], picked: readonly number[], blockRows: number): StoredRows {
  const { dtype, width } = blocks[0]!;
  const rows = emptyRows(dtype, picked.length, width);
  for (const [to, from] of picked.entries()) {
    const block = blocks[Math.floor(from / blockRows)]!;
    const place = from % blockRows;
    rows.values.set(block.values.subarray(place * width, (place + 1) * width), to * width);
    if (dtype === "int8") rows.scales[to] = block.scales[place]!;
  }
  return rows;
}
