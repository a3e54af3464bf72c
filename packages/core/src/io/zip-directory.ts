import type { ByteSource } from "./byte-source.ts";
import { WeightError } from "./errors.ts";

/** A record of a zip archive that is stored, not compressed: its bytes lie in the file as they are. */
export interface ZipRecord {
  readonly name: string;
  readonly headerOffset: number;
  readonly sizeBytes: number;
  readonly crc32: number;
}

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const ENTRY = 0x02014b50;
/** Bits of encryption, of patches and of a masked directory: readers differ in what they make of such a record. */
const REFUSED_FLAGS = 0b10_0000_0110_0001;
/** Of a local header, without its name and extra field. */
export const LOCAL_BYTES = 30;
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
  expectApart(source.name, [...records.values()], offset);
  return records;
}

/** Records that share bytes would make a small file a large one (Fifield 2019). */
function expectApart(who: string, records: readonly ZipRecord[], end: number): void {
  const sorted = [...records].sort((a, b) => a.headerOffset - b.headerOffset);
  for (const [i, { name, headerOffset, sizeBytes }] of sorted.entries()) {
    if (headerOffset + LOCAL_BYTES + name.length + sizeBytes <= (sorted[i + 1]?.headerOffset ?? end)) continue;
    throw new WeightError(`${who}: zip record ${name} reaches into what follows it`);
  }
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
  expectPlainName(who, name);
  expectReadable(who, name, view.getUint16(at + 8, true));
  if (view.getUint16(at + 10, true) !== 0)
    throw new WeightError(`${who}: zip record ${name} is compressed; PyTorch stores its records`);
  const stored = {
    compressed: view.getUint32(at + 20, true),
    size: view.getUint32(at + 24, true),
    header: view.getUint32(at + 42, true),
  };
  const wide = extraFields(who, view, { start: at + 46 + nameBytes, length: extraBytes }, stored);
  if (wide.compressed !== wide.size) throw new WeightError(`${who}: zip record ${name} has two sizes`);
  return {
    record: { name, headerOffset: wide.header, sizeBytes: wide.size, crc32: view.getUint32(at + 16, true) },
    next,
  };
}

function expectPlainName(who: string, name: string): void {
  if (/^\/|\\|\0|(^|\/)\.{1,2}(\/|$)/.test(name)) {
    throw new WeightError(`${who}: zip record ${JSON.stringify(name)} has a name that leads elsewhere`);
  }
}

/** Throws where the flags of a record are such that readers make different things of it. */
export function expectReadable(who: string, name: string, flags: number): void {
  if (flags & REFUSED_FLAGS)
    throw new WeightError(`${who}: zip record ${name} is encrypted or patched, says its header`);
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
