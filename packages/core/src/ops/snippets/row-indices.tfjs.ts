import type { TfModule, TfTensor } from "../../op.ts";

/** Indices i32 within 0 to rows - 1. In floats: the wasm backend's clipByValue reads integers as if they were. */
export function rowIndices(tf: TfModule, indices: TfTensor, rows: number): TfTensor {
  return tf.cast(tf.clipByValue(tf.cast(indices, "float32"), 0, rows - 1), "int32");
}
