import type { NamedTensor } from "../executor.ts";
import type { ByteSource } from "./byte-source.ts";
import { expectUniqueKeys } from "./duplicate-keys.ts";
import { WeightError } from "./errors.ts";
import { decodeTensor, STORED_BYTES, type StoredDType } from "./stored-dtype.ts";

export interface StoredTensor {
  readonly dtype: StoredDType;
  readonly shape: readonly number[];
  /** First byte in the file. */
  readonly offset: number;
  readonly sizeBytes: number;
}

/** An opened file: the header is in memory, the tensors are read one at a time. */
export interface Safetensors {
  readonly name: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** The raw little-endian bytes of a tensor. */
  bytes(name: string): Promise<Uint8Array<ArrayBuffer>>;
  /** A tensor in a dtype of the engine: f16 as halves, bf16 and f64 as f32, 64-bit and small integers as i32. */
  read(name: string): Promise<NamedTensor>;
}

const MAX_HEADER_BYTES = 100_000_000;

/** Opens a safetensors file; any fault of its header is a WeightError. */
export async function openSafetensors(source: ByteSource): Promise<Safetensors> {
  const { header, dataStart } = await readHeader(source);
  const { __metadata__: metadata = {}, ...entries } = header;
  expectMetadata(source.name, metadata);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, entry] of Object.entries(entries)) {
    tensors.set(name, parseEntry(`${source.name}: tensor ${name}`, entry, dataStart));
  }
  expectGapless(source, tensors, dataStart);
  const known = (name: string): StoredTensor => {
    const tensor = tensors.get(name);
    if (!tensor) throw new WeightError(`${source.name}: has no tensor ${name}`);
    return tensor;
  };
  const bytes = (name: string) => source.read(known(name).offset, known(name).sizeBytes);
  return {
    name: source.name,
    metadata: metadata as Record<string, string>,
    tensors,
    bytes,
    read: async (name) => decodeTensor(name, known(name), await bytes(name)),
  };
}

async function readHeader(source: ByteSource): Promise<{ header: Record<string, unknown>; dataStart: number }> {
  if (source.size < 8) throw new WeightError(`${source.name}: ${source.size} bytes are too few for a safetensors file`);
  const prefix = await source.read(0, 8);
  const length = new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true);
  if (length > BigInt(Math.min(MAX_HEADER_BYTES, source.size - 8)) || length < 2n) {
    throw new WeightError(`${source.name}: its header claims ${length} bytes of a file of ${source.size}`);
  }
  const bytes = await source.read(8, Number(length));
  let header: unknown;
  let json: string;
  try {
    json = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(json);
  } catch (cause) {
    throw new WeightError(`${source.name}: its header is not JSON`, { cause });
  }
  if (!json.startsWith("{") || typeof header !== "object" || header === null) {
    throw new WeightError(`${source.name}: its header is not a JSON object`);
  }
  expectUniqueKeys(`${source.name}: header`, json);
  return { header: header as Record<string, unknown>, dataStart: 8 + Number(length) };
}

function expectMetadata(who: string, metadata: unknown): void {
  const valid =
    typeof metadata === "object" &&
    metadata !== null &&
    !Array.isArray(metadata) &&
    Object.values(metadata).every((value) => typeof value === "string");
  if (!valid) throw new WeightError(`${who}: __metadata__ must map strings to strings`);
}

function parseEntry(who: string, entry: unknown, dataStart: number): StoredTensor {
  if (typeof entry !== "object" || entry === null) throw new WeightError(`${who}: is not an object`);
  const { dtype, shape, data_offsets: offsets } = entry as Record<string, unknown>;
  if (typeof dtype !== "string" || !Object.hasOwn(STORED_BYTES, dtype)) {
    throw new WeightError(
      `${who}: dtype ${JSON.stringify(dtype)} is not one of ${Object.keys(STORED_BYTES).join(", ")}`,
    );
  }
  if (!isNaturals(shape)) throw new WeightError(`${who}: shape ${JSON.stringify(shape)} is not a list of sizes`);
  if (!isNaturals(offsets) || offsets.length !== 2) {
    throw new WeightError(`${who}: data_offsets ${JSON.stringify(offsets)} are not two positions`);
  }
  const count = shape.reduce((product, extent) => product * extent, 1);
  const [begin, end] = offsets as [number, number];
  const expected = count * STORED_BYTES[dtype as StoredDType];
  if (!Number.isSafeInteger(expected) || end - begin !== expected) {
    throw new WeightError(
      `${who}: ${dtype}[${shape.join(",")}] takes ${expected} bytes, its offsets give ${end - begin}`,
    );
  }
  return { dtype: dtype as StoredDType, shape, offset: dataStart + begin, sizeBytes: expected };
}

function isNaturals(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

/** The format demands that tensors fill the file: no hole, no overlap, no tail. */
function expectGapless(source: ByteSource, tensors: ReadonlyMap<string, StoredTensor>, dataStart: number): void {
  const sorted = [...tensors].sort(([, a], [, b]) => a.offset - b.offset || a.sizeBytes - b.sizeBytes);
  let position = dataStart;
  for (const [name, tensor] of sorted) {
    if (tensor.offset !== position) {
      const fault = tensor.offset < position ? "overlaps the tensor before it" : "leaves a hole before it";
      throw new WeightError(`${source.name}: tensor ${name} ${fault} (byte ${tensor.offset}, expected ${position})`);
    }
    position += tensor.sizeBytes;
  }
  if (position !== source.size) {
    throw new WeightError(
      `${source.name}: has ${source.size} bytes, its header describes ${position}; is it truncated?`,
    );
  }
}
