import type { ByteSource } from "./byte-source.ts";
import { WeightError } from "./errors.ts";

/** A record of a zip archive that is stored, not compressed: its bytes lie in the file as they are. */
export interface ZipRecord {
  readonly name: string;
  readonly headerOffset: number;
  readonly sizeBytes: number;
}

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const MAX_DIRECTORY_BYTES = 64 * 2 ** 20;

/** The directory of a zip file, read from its end. PyTorch stores its records uncompressed; others are refused. */
export async function readZipDirectory(source: ByteSource): Promise<ReadonlyMap<string, ZipRecord>> {
  const { offset, sizeBytes } = await locateDirectory(source);
  if (sizeBytes > MAX_DIRECTORY_BYTES)
    throw new WeightError(`${source.name}: its zip directory claims ${sizeBytes} bytes`);
  const bytes = await source.read(offset, sizeBytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records = new Map<string, ZipRecord>();
  for (let at = 0; at + 46 <= sizeBytes && view.getUint32(at, true) === ENTRY; ) {
    const { record, next } = parseEntry(source.name, view, at);
    if (records.has(record.name)) throw new WeightError(`${source.name}: zip record ${record.name} is there twice`);
    records.set(record.name, record);
    at = next;
  }
  if (records.size === 0) throw new WeightError(`${source.name}: its zip directory is empty or damaged`);
  return records;
}

/** Where the bytes of a record begin: after its local header. */
export async function recordStart(source: ByteSource, record: ZipRecord): Promise<number> {
  const bytes = await source.read(record.headerOffset, 30);
  const view = new DataView(bytes.buffer, bytes.byteOffset, 30);
  if (view.getUint32(0, true) !== LOCAL)
    throw new WeightError(`${source.name}: zip record ${record.name} is not where it should be`);
  return record.headerOffset + 30 + view.getUint16(26, true) + view.getUint16(28, true);
}

async function locateDirectory(source: ByteSource): Promise<{ offset: number; sizeBytes: number }> {
  const tailBytes = Math.min(source.size, 22 + 65_535 + 20);
  const tailStart = source.size - tailBytes;
  const tail = await source.read(tailStart, tailBytes);
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  for (let at = tailBytes - 22; at >= 0; at--) {
    if (view.getUint32(at, true) !== END) continue;
    if (at >= 20 && view.getUint32(at - 20, true) === LOCATOR_64) {
      return locate64(source, integer64(source.name, view, at - 20 + 8));
    }
    return { offset: view.getUint32(at + 16, true), sizeBytes: view.getUint32(at + 12, true) };
  }
  throw new WeightError(`${source.name}: the end of its zip directory is missing; is the file truncated?`);
}

async function locate64(source: ByteSource, at: number): Promise<{ offset: number; sizeBytes: number }> {
  const bytes = await source.read(at, 56);
  const view = new DataView(bytes.buffer, bytes.byteOffset, 56);
  if (view.getUint32(0, true) !== END_64) throw new WeightError(`${source.name}: its zip64 directory is damaged`);
  return { offset: integer64(source.name, view, 48), sizeBytes: integer64(source.name, view, 40) };
}

function parseEntry(who: string, view: DataView, at: number): { record: ZipRecord; next: number } {
  const nameBytes = view.getUint16(at + 28, true);
  const extraBytes = view.getUint16(at + 30, true);
  const next = at + 46 + nameBytes + extraBytes + view.getUint16(at + 32, true);
  if (next > view.byteLength) throw new WeightError(`${who}: its zip directory ends inside an entry`);
  const name = new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + at + 46, nameBytes));
  if (view.getUint16(at + 10, true) !== 0)
    throw new WeightError(`${who}: zip record ${name} is compressed; PyTorch stores its records`);
  const stored = {
    compressed: view.getUint32(at + 20, true),
    size: view.getUint32(at + 24, true),
    header: view.getUint32(at + 42, true),
  };
  const wide = extraFields(who, view, { start: at + 46 + nameBytes, length: extraBytes }, stored);
  if (wide.compressed !== wide.size) throw new WeightError(`${who}: zip record ${name} has two sizes`);
  return { record: { name, headerOffset: wide.header, sizeBytes: wide.size }, next };
}

interface StoredSizes {
  readonly compressed: number;
  readonly size: number;
  readonly header: number;
}

/** Zip64 puts sizes and offsets beyond 4 GB into an extra field, in a fixed order, only those that do not fit. */
function extraFields(
  who: string,
  view: DataView,
  { start, length }: { start: number; length: number },
  stored: StoredSizes,
): StoredSizes {
  const wide = { ...stored };
  for (let at = start; at + 4 <= start + length; ) {
    const fieldBytes = view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === 1) {
      let value = at + 4;
      for (const key of ["size", "compressed", "header"] as const) {
        if (stored[key] !== 0xffffffff) continue;
        if (value + 8 > at + 4 + fieldBytes) throw new WeightError(`${who}: a zip64 field is too short`);
        wide[key] = integer64(who, view, value);
        value += 8;
      }
    }
    at += 4 + fieldBytes;
  }
  return wide;
}

function integer64(who: string, view: DataView, at: number): number {
  const value = view.getBigUint64(at, true);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new WeightError(`${who}: the zip directory names byte ${value}`);
  return Number(value);
}
