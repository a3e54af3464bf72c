import { GalleryFileError } from "../errors.ts";
import { hexOf, sha256 } from "../storage/sha256.ts";
import type { FeatureDType } from "../types.ts";
import { FIXED_BYTES, HASH_BYTES, MAGIC, type SavedIndex, VERSION } from "./index-file.ts";
import { isMeta } from "./meta.ts";
import { emptyRows, loadRow, type StoredRows } from "./rows.ts";
import type { PictureMeta } from "./store.ts";

const MAX_HEADER_BYTES = 256 << 20;
const BYTES: Readonly<Record<FeatureDType, number>> = { f32: 4, f16: 2, int8: 1 };
const UNIT_TOLERANCE = 0.05; // int8 rounding moves a norm by less than 1 %

/** Throws GalleryFileError, which says what is wrong, unless `file` is whole and sound. */
export function readIndex(file: Uint8Array<ArrayBuffer>, where: string): SavedIndex {
  const fail = (problem: string): never => {
    throw new GalleryFileError(`${where}: ${problem}`);
  };
  if (file.length < FIXED_BYTES + HASH_BYTES || new TextDecoder().decode(file.subarray(0, 8)) !== MAGIC) {
    return fail("is no saved gallery");
  }
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const version = view.getUint32(8, true);
  if (version !== VERSION) return fail(`is of version ${version}, this albef reads ${VERSION}`);
  const headerBytes = view.getUint32(12, true);
  const begin = FIXED_BYTES + headerBytes;
  if (headerBytes % 8 !== 0 || headerBytes > MAX_HEADER_BYTES || begin + HASH_BYTES > file.length) {
    return fail(`header of ${headerBytes} bytes does not fit into ${file.length}`);
  }
  const body = file.length - HASH_BYTES;
  if (sha256().update(file.subarray(0, body)).hex() !== hexOf(file.subarray(body))) {
    return fail("is damaged: its SHA-256 does not fit its contents");
  }
  const header = readHeader(new TextDecoder().decode(file.subarray(FIXED_BYTES, begin)), fail);
  const features = readFeatures(file.slice(begin, body), header, fail);
  return { fingerprint: header.fingerprint, ids: header.ids, metas: header.metas, features };
}

type Fail = (problem: string) => never;

interface Header {
  readonly fingerprint: string;
  readonly dtype: FeatureDType;
  readonly rows: number;
  readonly width: number;
  readonly ids: readonly string[];
  readonly metas: readonly (PictureMeta | undefined)[];
}

function readHeader(text: string, fail: Fail): Header {
  let header: Partial<Record<keyof Header, unknown>> | null;
  try {
    header = JSON.parse(text);
  } catch {
    return fail("its header is not JSON");
  }
  const { fingerprint, dtype, rows, width, ids, metas } = header ?? {};
  if (typeof fingerprint !== "string") return fail("its header names no model");
  if (typeof dtype !== "string" || !Object.hasOwn(BYTES, dtype))
    return fail(`dtype must be f32, f16 or int8, got ${dtype}`);
  if (!isCount(rows, 0)) return fail(`rows must be a whole number, got ${rows}`);
  if (!isCount(width, 1)) return fail(`width must be a positive whole number, got ${width}`);
  if (!Array.isArray(ids) || ids.length !== rows) return fail(`must have ${rows} ids`);
  if (!ids.every((id) => typeof id === "string" && id !== ""))
    return fail("every id must be a string that is not empty");
  if (new Set(ids).size !== ids.length) return fail("an id is there twice");
  return { fingerprint, dtype: dtype as FeatureDType, rows, width, ids, metas: readMetas(metas, rows, fail) };
}

function readMetas(metas: unknown, rows: number, fail: Fail): Header["metas"] {
  if (metas === undefined) return new Array(rows).fill(undefined);
  if (Array.isArray(metas) && metas.length === rows && metas.every((meta) => meta === null || isMeta(meta))) {
    return metas.map((meta: PictureMeta | null) => meta ?? undefined);
  }
  return fail(`must have ${rows} metas, each null or plain values by name`);
}

function readFeatures(data: Uint8Array<ArrayBuffer>, { dtype, rows, width }: Header, fail: Fail): StoredRows {
  const scaleBytes = dtype === "int8" ? rows * 4 : 0;
  const wanted = scaleBytes + rows * width * BYTES[dtype];
  if (data.length !== wanted)
    return fail(`${rows} x ${width} ${dtype} features are ${wanted} bytes, got ${data.length}`);
  const features = emptyRows(dtype, rows, width);
  new Uint8Array(features.scales.buffer).set(data.subarray(0, scaleBytes));
  new Uint8Array(features.values.buffer).set(data.subarray(scaleBytes));
  for (let row = 0; row < rows; row++) {
    const norm = Math.sqrt(loadRow(features, row).reduce((sum, value) => sum + value * value, 0));
    if (!(Math.abs(norm - 1) <= UNIT_TOLERANCE)) return fail(`feature vector ${row} has length ${norm}, must be 1`);
  }
  return features;
}

function isCount(value: unknown, least: number): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= least;
}
