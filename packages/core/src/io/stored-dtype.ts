import type { NamedTensor } from "../executor.ts";
import type { TensorData } from "../graph/graph.ts";
import { floatsFrom, halvesFrom } from "../half.ts";
import { WeightError } from "./errors.ts";

/** Element types of the file format, with their bytes. */
export const STORED_BYTES = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
} as const;

export type StoredDType = keyof typeof STORED_BYTES;

/** Bytes of a stored tensor as engine data. */
export function decodeTensor(
  name: string,
  { dtype, shape }: { readonly dtype: StoredDType; readonly shape: readonly number[] },
  bytes: Uint8Array<ArrayBuffer>,
): NamedTensor {
  const whole = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  const { buffer, byteOffset } = whole;
  const count = whole.byteLength / STORED_BYTES[dtype];
  const tensor = (engine: NamedTensor["dtype"], data: TensorData): NamedTensor => ({
    name,
    dtype: engine,
    shape,
    data,
  });
  switch (dtype) {
    case "F32":
      return tensor("f32", new Float32Array(buffer, byteOffset, count));
    case "F16":
      return tensor("f16", new Uint16Array(buffer, byteOffset, count));
    case "I32":
      return tensor("i32", new Int32Array(buffer, byteOffset, count));
    case "U32":
      return tensor("u32", new Uint32Array(buffer, byteOffset, count));
    case "F64":
      return tensor("f32", Float32Array.from(new Float64Array(buffer, byteOffset, count)));
    case "BF16": {
      const words = Uint32Array.from(new Uint16Array(buffer, byteOffset, count), (half) => half << 16);
      return tensor("f32", new Float32Array(words.buffer));
    }
    case "I64":
      return tensor(
        "i32",
        Int32Array.from(new BigInt64Array(buffer, byteOffset, count), (value) => int32(name, value)),
      );
    case "I16":
      return tensor("i32", Int32Array.from(new Int16Array(buffer, byteOffset, count)));
    case "I8":
      return tensor("i32", Int32Array.from(new Int8Array(buffer, byteOffset, count)));
    case "U16":
      return tensor("i32", Int32Array.from(new Uint16Array(buffer, byteOffset, count)));
    case "U8":
    case "BOOL":
      return tensor("i32", Int32Array.from(whole));
  }
}

function int32(name: string, value: bigint): number {
  if (value < -(2n ** 31n) || value >= 2n ** 31n)
    throw new WeightError(`tensor ${name}: ${value} does not fit 32 bits`);
  return Number(value);
}

/** The tensor with its floats stored as `dtype`; integers stay. */
export function castFloats(tensor: NamedTensor, dtype: "f32" | "f16"): NamedTensor {
  if (tensor.dtype === dtype || (tensor.dtype !== "f32" && tensor.dtype !== "f16")) return tensor;
  const data = dtype === "f16" ? halvesFrom(tensor.data) : floatsFrom(tensor.data as Uint16Array);
  return { ...tensor, dtype, data };
}
