import type { ByteSource } from "./byte-source.ts";
import { WeightError } from "./errors.ts";
import { readPickle } from "./pickle.ts";
import { isStorage, isTensor, isTuple, type PickleValue } from "./pickle-values.ts";
import { STORED_BYTES, type StoredDType } from "./stored-dtype.ts";
import type { OpenedStorages } from "./torch-storages.ts";

const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;
const FIRST_READ_BYTES = 2 ** 20;
const MAX_PICKLES_BYTES = 2 ** 28;

/**
 * The format before PyTorch 1.6: pickles of a magic number, the protocol, the machine, the object and the list of
 * storage keys, then each storage as its element count and its bytes.
 */
export async function legacyStorages(source: ByteSource): Promise<OpenedStorages> {
  const { root, keys, end } = await readPickles(source);
  const dtypes = new Map<string, StoredDType>();
  collectStorages(root, dtypes);
  const places = new Map<string, { start: number; sizeBytes: number }>();
  let position = end;
  for (const key of keys) {
    const dtype = dtypes.get(key);
    if (!dtype) throw new WeightError(`${source.name}: storage ${key} belongs to no tensor, so its size is unknown`);
    const prefix = await source.read(position, 8);
    const count = new DataView(prefix.buffer, prefix.byteOffset).getBigInt64(0, true);
    const sizeBytes = Number(count) * STORED_BYTES[dtype];
    if (count < 0n || position + 8 + sizeBytes > source.size) {
      throw new WeightError(
        `${source.name}: storage ${key} claims ${count} elements beyond the end of the file; is it truncated?`,
      );
    }
    places.set(key, { start: position + 8, sizeBytes });
    position += 8 + sizeBytes;
  }
  return {
    root,
    sizeOf: (storage) => places.get(storage)?.sizeBytes,
    read: (storage, byteOffset, byteLength) => source.read(places.get(storage)!.start + byteOffset, byteLength),
  };
}

/** The five pickles lie at the front: reads a growing part of the file until all are in it. */
async function readPickles(source: ByteSource): Promise<{ root: PickleValue; keys: string[]; end: number }> {
  for (let length = FIRST_READ_BYTES; ; length *= 8) {
    const available = Math.min(length, source.size);
    const bytes = await source.read(0, available);
    try {
      return parsePickles(source.name, bytes);
    } catch (error) {
      const mayContinue =
        available < source.size && length < MAX_PICKLES_BYTES && /ends in the middle/.test(String(error));
      if (!mayContinue) throw error;
    }
  }
}

function parsePickles(who: string, bytes: Uint8Array): { root: PickleValue; keys: string[]; end: number } {
  const magic = readPickle(who, bytes);
  if (magic.value !== MAGIC) throw new WeightError(`${who}: is no file of torch.save (its magic number is wrong)`);
  const protocol = readPickle(who, bytes, magic.end);
  if (protocol.value !== PROTOCOL)
    throw new WeightError(`${who}: protocol ${String(protocol.value)}, expected ${PROTOCOL}`);
  const machine = readPickle(who, bytes, protocol.end);
  if (machine.value instanceof Map && machine.value.get("little_endian") === false) {
    throw new WeightError(`${who}: was written on a big-endian machine`);
  }
  const root = readPickle(who, bytes, machine.end);
  const keys = readPickle(who, bytes, root.end);
  if (!Array.isArray(keys.value) || !keys.value.every((key) => typeof key === "string")) {
    throw new WeightError(`${who}: its list of storages is damaged`);
  }
  return { root: root.value, keys: keys.value as string[], end: keys.end };
}

/** Walks without recursion: a pickle may nest deeper than the call stack. */
function collectStorages(root: PickleValue, found: Map<string, StoredDType>): void {
  const seen = new Set<PickleValue>();
  for (const open: PickleValue[] = [root]; open.length > 0; ) {
    const value = open.pop()!;
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    if (isTensor(value)) found.set(value.view.storage, value.view.dtype);
    else if (isStorage(value)) found.set(value.storage, value.dtype);
    else for (const item of itemsOf(value)) open.push(item);
  }
}

function itemsOf(value: PickleValue): Iterable<PickleValue> {
  if (value instanceof Map) return [...value].flat();
  if (isTuple(value)) return value.tuple;
  return Array.isArray(value) ? value : [];
}
