import type { NamedTensor } from "../executor.ts";
import { type DType, elementCount, type Shape } from "../spec.ts";
import { WeightError } from "./errors.ts";
import { STORED_BYTES, type StoredDType } from "./stored-dtype.ts";

/** A tensor to be written: its bytes are asked for when their turn comes. */
export interface WritableTensor {
  readonly name: string;
  readonly dtype: StoredDType;
  readonly shape: Shape;
  bytes(): Promise<Uint8Array> | Uint8Array;
}

const STORED: Readonly<Record<DType, StoredDType>> = { f32: "F32", f16: "F16", i32: "I32", u32: "U32" };

export function writableTensor({ name, dtype, shape, data }: NamedTensor): WritableTensor {
  const bytes = () => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { name, dtype: STORED[dtype], shape, bytes };
}

/** The chunks of a safetensors file, one tensor in memory at a time. */
export async function* safetensorsChunks(
  tensors: readonly WritableTensor[],
  metadata: Readonly<Record<string, string>> = {},
): AsyncGenerator<Uint8Array> {
  yield headerBytes(tensors, metadata);
  for (const tensor of tensors) {
    const bytes = await tensor.bytes();
    if (bytes.byteLength !== storedSize(tensor)) {
      throw new WeightError(`tensor ${tensor.name}: ${bytes.byteLength} bytes, its shape needs ${storedSize(tensor)}`);
    }
    yield bytes;
  }
}

/** A whole file as a Blob. */
export async function safetensorsBlob(
  tensors: readonly WritableTensor[],
  metadata: Readonly<Record<string, string>> = {},
): Promise<Blob> {
  const parts: BlobPart[] = [];
  for await (const chunk of safetensorsChunks(tensors, metadata)) parts.push(chunk as Uint8Array<ArrayBuffer>);
  return new Blob(parts);
}

export function storedSize({ dtype, shape }: Pick<WritableTensor, "dtype" | "shape">): number {
  return elementCount(shape) * STORED_BYTES[dtype];
}

function headerBytes(tensors: readonly WritableTensor[], metadata: Readonly<Record<string, string>>): Uint8Array {
  const header: Record<string, unknown> = Object.create(null); // a tensor may be called __proto__
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata;
  let position = 0;
  for (const tensor of tensors) {
    if (tensor.name === "__metadata__")
      throw new WeightError("tensor __metadata__: the format keeps this name to itself");
    if (Object.hasOwn(header, tensor.name)) throw new WeightError(`tensor ${tensor.name}: given twice`);
    const end = position + storedSize(tensor);
    header[tensor.name] = { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [position, end] };
    position = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(json.byteLength / 8) * 8; // spaces align the data to 8 bytes
  const bytes = new Uint8Array(8 + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, 8);
  return bytes;
}
