import type { Shape } from "@albef/core";

export type WeightDType = "f32" | "f16" | "q8" | "q4";

/** Groups that share a scale, best first: smaller ones are more exact and cost more bytes. */
const GROUPS: Readonly<Record<"q8" | "q4", readonly number[]>> = { q8: [64, 32, 16, 8, 4], q4: [32, 16, 8] };
const LEAST_ROWS = 8; // below, as in the two classes of ITM, packing saves nothing

const TRAINING = [
  /^[a-z_]+_m\./, // the momentum teacher
  /^(image|text|idx)_queue$/,
  /^(queue_ptr|ptr_queue)$/,
];
/** Buffers without content, and second names of tensors that the file has already. */
const REDUNDANT = [/\.position_ids$/, /\.cls\.predictions\.decoder\.(weight|bias)$/];

/** Whether running a model needs the tensor: all but the teacher, the queues, and what is stored twice. */
export function isNeeded(name: string): boolean {
  return ![...TRAINING, ...REDUNDANT].some((pattern) => pattern.test(name));
}

export type Storage =
  | { readonly kind: "plain"; readonly dtype: "F32" | "F16" }
  | { readonly kind: "quantized"; readonly bits: 8 | 4; readonly group: number };

/** How a tensor is stored: vectors and scalars f32; tables and convolutions at most f16; matrices as asked for. */
export function storageOf(name: string, shape: Shape, dtype: WeightDType): Storage {
  if (dtype === "f32" || shape.length < 2) return { kind: "plain", dtype: "F32" };
  const [rows, columns] = shape as readonly [number, number];
  const isMatrix = shape.length === 2 && name.endsWith(".weight") && !/embeddings?\./.test(name) && rows >= LEAST_ROWS;
  const group = dtype === "f16" || !isMatrix ? undefined : GROUPS[dtype].find((size) => columns % size === 0);
  if (group === undefined) return { kind: "plain", dtype: "F16" };
  return { kind: "quantized", bits: dtype === "q8" ? 8 : 4, group };
}
