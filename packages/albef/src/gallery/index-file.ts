import { sha256 } from "../storage/sha256.ts";
import type { StoredRows } from "./rows.ts";
import type { PictureMeta } from "./store.ts";

/**
 * A saved gallery, little-endian: "ALBEFIDX", u32 version, u32 header length, the header as JSON padded with spaces to a
 * multiple of 8 bytes, for int8 the scales f32 [rows], the values [rows, width], and the SHA-256 of all before.
 */
export interface SavedIndex {
  /** Of the model that made the features. */
  readonly fingerprint: string;
  readonly ids: readonly string[];
  /** One per id. */
  readonly metas: readonly (PictureMeta | undefined)[];
  readonly features: StoredRows;
}

export const MAGIC = "ALBEFIDX";
export const VERSION = 1;
/** Before the header. */
export const FIXED_BYTES = 16;
export const HASH_BYTES = 32;

export function writeIndex({ fingerprint, ids, metas, features }: SavedIndex): Uint8Array<ArrayBuffer> {
  const { dtype, rows, width, values, scales } = features;
  const json = new TextEncoder().encode(JSON.stringify({ fingerprint, dtype, rows, width, ids, ...metaEntry(metas) }));
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const file = new Uint8Array(FIXED_BYTES + headerBytes + scales.byteLength + values.byteLength + HASH_BYTES);
  const view = new DataView(file.buffer);
  file.set(new TextEncoder().encode(MAGIC));
  view.setUint32(8, VERSION, true);
  view.setUint32(12, headerBytes, true);
  file.fill(0x20, FIXED_BYTES, FIXED_BYTES + headerBytes);
  file.set(json, FIXED_BYTES);
  let at = FIXED_BYTES + headerBytes;
  for (const part of [scales, values]) {
    file.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at);
    at += part.byteLength;
  }
  file.set(sha256().update(file.subarray(0, at)).digest(), at);
  return file;
}

/** Nothing where no picture has any; null for those that have none. */
function metaEntry(metas: SavedIndex["metas"]) {
  return metas.some((meta) => meta !== undefined) ? { metas: metas.map((meta) => meta ?? null) } : {};
}
