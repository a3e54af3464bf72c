import type { Shape } from "@albef/core";

/** A tensor of a recorded case. 64-bit integers are held as i32: ids, masks and labels are small. */
export interface StoredTensor {
  readonly shape: Shape;
  readonly data: Float32Array | Int32Array | Uint8Array;
}

export type TensorTable = ReadonlyMap<string, StoredTensor>;

interface Entry {
  readonly dtype: string;
  readonly shape: number[];
  readonly data_offsets: readonly [number, number];
}

/** The tensors of a safetensors file. */
export function readTensors(bytes: Uint8Array): TensorTable {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + headerBytes))) as Record<string, Entry>;
  const table = new Map<string, StoredTensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const [begin, end] = entry.data_offsets;
    // A copy of its own: Buffer.slice would share memory, unaligned.
    const data = new Uint8Array(bytes.subarray(8 + headerBytes + begin, 8 + headerBytes + end));
    table.set(name, { shape: entry.shape, data: typed(name, entry.dtype, data) });
  }
  return table;
}

function typed(name: string, dtype: string, { buffer }: Uint8Array<ArrayBuffer>): StoredTensor["data"] {
  if (dtype === "F32") return new Float32Array(buffer);
  if (dtype === "I32") return new Int32Array(buffer);
  if (dtype === "U8") return new Uint8Array(buffer);
  if (dtype === "I64") return Int32Array.from(new BigInt64Array(buffer), Number);
  throw new Error(`tensor ${name}: recorded cases hold F32, I64, I32 and U8, got ${dtype}`);
}

export const asFloat = ({ data }: StoredTensor): Float32Array => Float32Array.from(data);
export const asInt = ({ data }: StoredTensor): Int32Array => Int32Array.from(data);
