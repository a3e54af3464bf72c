import type { NamedTensor } from "../executor.ts";
import type { TensorData } from "../graph/graph.ts";
import { floatsFrom, halvesFrom } from "../half.ts";
import type { DType } from "../spec.ts";
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

/** The engine's dtype for what is stored so. */
export function engineDType(dtype: StoredDType): DType {
  if (dtype === "F16") return "f16";
  if (dtype === "U32") return "u32";
  return dtype === "F64" || dtype === "F32" || dtype === "BF16" ? "f32" : "i32";
}

/** Bytes of a stored tensor as engine data. */
export function decodeTensor(
  name: string,
  { dtype, shape }: { readonly dtype: StoredDType; readonly shape: readonly number[] },
  bytes: Uint8Array<ArrayBuffer>,
): NamedTensor {
  const whole = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  const { buffer, byteOffset } = whole;
  const count = whole.byteLength / STORED_BYTES[dtype];
  const tensor = (data: TensorData): NamedTensor => ({ name, dtype: engineDType(dtype), shape, data });
  switch (dtype) {
    case "F32":
      return tensor(new Float32Array(buffer, byteOffset, count));
    case "F16":
      return tensor(new Uint16Array(buffer, byteOffset, count));
    case "I32":
      return tensor(new Int32Array(buffer, byteOffset, count));
    case "U32":
      return tensor(new Uint32Array(buffer, byteOffset, count));
    case "F64":
      return tensor(Float32Array.from(new Float64Array(buffer, byteOffset, count)));
    case "BF16": {
      const words = Uint32Array.from(new Uint16Array(buffer, byteOffset, count), (half) => half << 16);
      return tensor(new Float32Array(words.buffer));
    }
    case "I64":
      return tensor(Int32Array.from(new BigInt64Array(buffer, byteOffset, count), (value) => int32(name, value)));
    case "I16":
      return tensor(Int32Array.from(new Int16Array(buffer, byteOffset, count)));
    case "I8":
      return tensor(Int32Array.from(new Int8Array(buffer, byteOffset, count)));
    case "U16":
      return tensor(Int32Array.from(new Uint16Array(buffer, byteOffset, count)));
    case "U8":
    case "BOOL":
      return tensor(Int32Array.from(whole));
  }
}

function int32(name: string, value: bigint): number {
  if (value < -(2n ** 31n) || value >= 2n ** 31n)
    throw new WeightError(`tensor ${name}: ${value} does not fit 32 bits`);
  return Number(value);
}

/** What `castFloats` makes of a dtype; without a target it stays. */
export function castDType(dtype: DType, to: "f32" | "f16" | undefined): DType {
  return to && (dtype === "f32" || dtype === "f16") ? to : dtype;
}

/** The tensor with its floats stored as `dtype`; integers stay. */
export function castFloats(tensor: NamedTensor, dtype: "f32" | "f16"): NamedTensor {
  if (tensor.dtype === castDType(tensor.dtype, dtype)) return tensor;
  const data = dtype === "f16" ? halvesFrom(tensor.data) : floatsFrom(tensor.data as Uint16Array);
  return { ...tensor, dtype, data };
}
