import {
  byteSource,
  castFloats,
  dequantizeMatrix,
  openSafetensors,
  type Safetensors,
  safetensorsBlob,
  writableTensor,
} from "@albef/core";
import { FinetuneError } from "./errors.ts";

export interface LearntTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What training changed, by official name; adapters as `<matrix>.lora_A.weight` and `.lora_B.weight`. */
export type LearntTensors = ReadonlyMap<string, LearntTensor>;

export interface Learnt {
  readonly tensors: LearntTensors;
  /** Parameters that are copies of the model's own, by name: layers of a task that stayed as they began. */
  readonly sources: ReadonlyMap<string, string>;
}

const KIND = "albef-adapter";
const VERSION = "1";
const SCALES = ".scales";
const QUANTIZED_BITS = 8;

/** A safetensors file of what was learnt. Its metadata name the model it belongs to. */
export function writeAdapter({ tensors, sources }: Learnt, base: string): Promise<Blob> {
  const written = [...tensors].map(([name, { shape, data }]) => writableTensor({ name, dtype: "f32", shape, data }));
  const copies = sources.size > 0 && { sources: JSON.stringify(Object.fromEntries(sources)) };
  return safetensorsBlob(written, { kind: KIND, version: VERSION, base, ...copies });
}

/**
 * Reads f32, f16 and matrices in 8 bits (core's io/quantize). Throws FinetuneError where the file is no adapter, or one of
 * another model.
 */
export async function readAdapter(file: Blob, base: string): Promise<Learnt> {
  const opened = await openSafetensors(byteSource(file, file instanceof File ? file.name : "adapter"));
  const { kind, version, base: wanted, sources } = opened.metadata;
  if (kind !== KIND) throw new FinetuneError(`${opened.name}: is no adapter of albef`);
  if (version !== VERSION)
    throw new FinetuneError(`${opened.name}: is of version ${version}, this albef reads ${VERSION}`);
  if (wanted !== base) throw new FinetuneError(`${opened.name}: was trained on another model; load that one first`);
  const tensors = new Map<string, LearntTensor>();
  for (const name of opened.tensors.keys()) {
    if (!name.endsWith(SCALES)) tensors.set(name, await learntTensor(opened, name));
  }
  return { tensors, sources: sourcesIn(sources, opened.name) };
}

async function learntTensor(opened: Safetensors, name: string): Promise<LearntTensor> {
  const stored = await opened.read(name);
  const { dtype, shape, data } = castFloats(stored, "f32");
  if (dtype === "f32") return { shape, data: data as Float32Array };
  const scales = opened.tensors.has(name + SCALES) && (await opened.read(name + SCALES));
  if (!scales || stored.dtype !== "u32" || scales.dtype !== "f32" || stored.shape.length !== 2) {
    throw new FinetuneError(`${opened.name}: ${name} must be f32, f16 or 8-bit integers with scales, got ${dtype}`);
  }
  const [rows, words] = shape as readonly [number, number];
  const group = (rows * words * 4) / scales.data.length;
  if (scales.shape[0] !== rows || !Number.isInteger(group) || (words * 4) % group !== 0) {
    throw new FinetuneError(`${opened.name}: the scales of ${name} do not fit it`);
  }
  const packed = { packed: stored.data as Uint32Array<ArrayBuffer>, scales: scales.data as Float32Array<ArrayBuffer> };
  return { shape: [rows, words * 4], data: dequantizeMatrix(packed, { bits: QUANTIZED_BITS, group }) };
}

function sourcesIn(json: string | undefined, file: string): ReadonlyMap<string, string> {
  if (json === undefined) return new Map();
  const wrong = new FinetuneError(`${file}: its sources must be an object of parameter names`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    throw wrong;
  }
  const entries = Object.entries(typeof parsed === "object" && parsed !== null ? parsed : {});
  if (entries.length === 0 || !entries.every(([, source]) => typeof source === "string")) throw wrong;
  return new Map(entries as [string, string][]);
}
