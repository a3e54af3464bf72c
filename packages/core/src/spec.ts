/** Element types of tensors. Quantised weights are `u32` words that hold packed integers (see io/quantize). */
export type DType = "f32" | "f16" | "i32" | "u32";

export type Shape = readonly number[];

/** What is known of a tensor before it has values. */
export interface TensorSpec {
  readonly dtype: DType;
  readonly shape: Shape;
}

const BYTES: Readonly<Record<DType, number>> = { f32: 4, f16: 2, i32: 4, u32: 4 };

export function elementCount(shape: Shape): number {
  return shape.reduce((count, extent) => count * extent, 1);
}

export function bytesPerElement(dtype: DType): number {
  return BYTES[dtype];
}

/** Bytes of storage, rounded up to the 4 bytes that buffer copies need. */
export function sizeBytes(spec: TensorSpec): number {
  return Math.ceil((elementCount(spec.shape) * BYTES[spec.dtype]) / 4) * 4;
}

export function isFloat(dtype: DType): boolean {
  return dtype === "f32" || dtype === "f16";
}

/** `f32[2,5]`: how specs are written in errors and printed graphs. */
export function formatSpec(spec: TensorSpec): string {
  return `${spec.dtype}[${spec.shape.join(",")}]`;
}
