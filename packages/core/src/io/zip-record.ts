import type { ByteSource } from "./byte-source.ts";
import { crc32 } from "./crc32.ts";
import { WeightError } from "./errors.ts";
import { expectReadable, LOCAL_BYTES, type ZipRecord } from "./zip-directory.ts";

const LOCAL = 0x04034b50;
/** Sizes and checksum follow the record instead of being in its header. */
const HAS_DESCRIPTOR = 8;
const UNKNOWN = 0xffffffff;
const CHUNK_BYTES = 16 * 2 ** 20;

/**
 * Where the bytes of a record begin, once its own header and its bytes agree with the directory: what a scanner and a
 * reader could see differently is refused.
 */
export async function recordStart(source: ByteSource, record: ZipRecord): Promise<number> {
  const who = `${source.name}: zip record ${record.name}`;
  const header = await source.read(record.headerOffset, LOCAL_BYTES);
  const view = new DataView(header.buffer, header.byteOffset, LOCAL_BYTES);
  if (view.getUint32(0, true) !== LOCAL) throw new WeightError(`${who} is not where it should be`);
  const [nameBytes, extraBytes] = [view.getUint16(26, true), view.getUint16(28, true)];
  const name = new TextDecoder().decode(await source.read(record.headerOffset + LOCAL_BYTES, nameBytes));
  if (name !== record.name) throw new WeightError(`${who} calls itself ${JSON.stringify(name)}`);
  const flags = view.getUint16(6, true);
  expectReadable(source.name, record.name, flags);
  if (view.getUint16(8, true) !== 0) throw new WeightError(`${who} is compressed, says its own header`);
  const sizes = [view.getUint32(18, true), view.getUint32(22, true)];
  if (!(flags & HAS_DESCRIPTOR) && sizes.some((size) => size !== UNKNOWN && size !== record.sizeBytes)) {
    throw new WeightError(`${who} has another size in its own header than in the directory`);
  }
  const start = record.headerOffset + LOCAL_BYTES + nameBytes + extraBytes;
  await expectChecksum(who, source, { start, record });
  return start;
}

async function expectChecksum(
  who: string,
  source: ByteSource,
  { start, record }: { readonly start: number; readonly record: ZipRecord },
): Promise<void> {
  let actual = 0;
  for (let at = 0; at < record.sizeBytes; at += CHUNK_BYTES) {
    actual = crc32(await source.read(start + at, Math.min(CHUNK_BYTES, record.sizeBytes - at)), actual);
  }
  if (actual === record.crc32) return;
  throw new WeightError(`${who} is damaged: its checksum is ${hex(actual)}, expected ${hex(record.crc32)}`);
}

function hex(value: number): string {
  return value.toString(16).padStart(8, "0");
}
