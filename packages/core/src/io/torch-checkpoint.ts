import type { ByteSource } from "./byte-source.ts";
import { WeightError } from "./errors.ts";
import { readPickle } from "./pickle.ts";
import { isTensor, type PickleValue, type TensorRef } from "./pickle-values.ts";
import { STORED_BYTES, type StoredDType } from "./stored-dtype.ts";
import { legacyStorages } from "./torch-legacy.ts";
import type { OpenedStorages, StorageReader } from "./torch-storages.ts";
import { readZipDirectory, type ZipRecord } from "./zip-directory.ts";
import { recordStart } from "./zip-record.ts";

/** A tensor of a checkpoint; its bytes are read when asked for, dense and row-major. */
export interface CheckpointTensor {
  readonly dtype: StoredDType;
  readonly shape: readonly number[];
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
}

export interface TorchCheckpoint {
  readonly name: string;
  readonly format: "zip" | "legacy";
  /** The state dict: that of `model` in a training file, else the file's own. */
  readonly tensors: ReadonlyMap<string, CheckpointTensor>;
  /** Numbers and strings beside the state dict, such as `epoch`. */
  readonly scalars: Readonly<Record<string, number | string | boolean>>;
}

const MAX_PICKLE_BYTES = 256 * 2 ** 20;

/** Opens a file of torch.save, in the zip or the legacy format, without running anything in it. */
export async function openTorchCheckpoint(source: ByteSource): Promise<TorchCheckpoint> {
  const magic = source.size >= 4 ? await source.read(0, 4) : new Uint8Array(4);
  const isZip = magic[0] === 0x50 && magic[1] === 0x4b;
  const storages = isZip ? await zipStorages(source) : await legacyStorages(source);
  const state = stateDict(source.name, storages.root);
  const tensors = new Map<string, CheckpointTensor>();
  for (const [key, value] of state) {
    if (typeof key !== "string" || !isTensor(value)) continue;
    expectBacked(`${source.name}: ${key}`, value, storages.sizeOf(value.view.storage));
    tensors.set(key, { dtype: value.view.dtype, shape: value.shape, bytes: () => denseBytes(value, storages.read) });
  }
  if (tensors.size === 0) throw new WeightError(`${source.name}: holds no state dict, no tensor was found`);
  return { name: source.name, format: isZip ? "zip" : "legacy", tensors, scalars: scalarsOf(storages.root) };
}

async function zipStorages(source: ByteSource): Promise<OpenedStorages> {
  const records = await readZipDirectory(source);
  const [pickle, ...others] = [...records.values()].filter(({ name }) => /(^|\/)data\.pkl$/.test(name));
  if (others.length > 0)
    throw new WeightError(`${source.name}: holds several pickles, of which one could hide another`);
  if (!pickle) throw new WeightError(`${source.name}: is a zip file, but none of torch.save (no data.pkl)`);
  if (pickle.sizeBytes > MAX_PICKLE_BYTES)
    throw new WeightError(`${source.name}: its pickle claims ${pickle.sizeBytes} bytes`);
  const prefix = pickle.name.slice(0, -"data.pkl".length);
  const bytes = await source.read(await recordStart(source, pickle), pickle.sizeBytes);
  const recordOf = (storage: string): ZipRecord | undefined => records.get(`${prefix}data/${storage}`);
  const starts = new Map<ZipRecord, Promise<number>>(); // a record is checked once, however many tensors view it
  const startOf = (record: ZipRecord): Promise<number> => {
    const start = starts.get(record) ?? recordStart(source, record);
    starts.set(record, start);
    return start;
  };
  return {
    root: readPickle(source.name, bytes).value,
    sizeOf: (storage) => recordOf(storage)?.sizeBytes,
    async read(storage, byteOffset, byteLength) {
      return source.read((await startOf(recordOf(storage)!)) + byteOffset, byteLength);
    },
  };
}

function stateDict(who: string, root: PickleValue): Map<PickleValue, PickleValue> {
  if (!(root instanceof Map)) throw new WeightError(`${who}: holds no state dict`);
  const model = root.get("model");
  return model instanceof Map ? model : root;
}

function scalarsOf(root: PickleValue): Record<string, number | string | boolean> {
  const scalars: Record<string, number | string | boolean> = Object.create(null);
  if (!(root instanceof Map)) return scalars;
  for (const [key, value] of root) {
    if (typeof key === "string" && ["number", "string", "boolean"].includes(typeof value)) {
      scalars[key] = value as number | string | boolean;
    }
  }
  return scalars;
}

function expectBacked(who: string, { view }: TensorRef, sizeBytes: number | undefined): void {
  const needed = view.count * STORED_BYTES[view.dtype];
  if (sizeBytes === undefined) throw new WeightError(`${who}: its storage ${view.storage} is not in the file`);
  if (sizeBytes < needed)
    throw new WeightError(`${who}: its storage has ${sizeBytes} bytes of the ${needed} it declares`);
}

/** Reads the part of the storage that the view touches and packs it. */
async function denseBytes(
  { view, offset, shape, strides }: TensorRef,
  read: StorageReader,
): Promise<Uint8Array<ArrayBuffer>> {
  const width = STORED_BYTES[view.dtype];
  const count = shape.reduce((product, extent) => product * extent, 1);
  if (count === 0) return new Uint8Array(0);
  const span = shape.reduce((sum, extent, axis) => sum + (extent - 1) * strides[axis]!, 1);
  const part = await read(view.storage, offset * width, span * width);
  if (isDense(shape, strides)) return part;
  const dense = new Uint8Array(count * width);
  const index = new Array<number>(shape.length).fill(0);
  for (let i = 0, at = 0; i < count; i++) {
    dense.set(part.subarray(at * width, (at + 1) * width), i * width);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis]!;
      index[axis]!++;
      if (index[axis]! < shape[axis]!) break;
      at -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return dense;
}

function isDense(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}
