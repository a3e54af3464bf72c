import { byteSource, openSafetensors, safetensorsBlob, writableTensor } from "@albef/core";
import { loraNames, loraScale } from "@albef/distillation";
import type { LoadedModel } from "../model/load.ts";
import { storedValues } from "../model/stored-values.ts";
import { isTaskParameter } from "../model/weights.ts";
import { sha256 } from "../storage/sha256.ts";
import { FinetuneError } from "./errors.ts";

export interface LearntTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What training changed, by official name; adapters as `<matrix>.lora_A.weight` and `.lora_B.weight`. */
export type Learnt = ReadonlyMap<string, LearntTensor>;

const KIND = "albef-adapter";
const VERSION = "1";
const LORA = /\.lora_([AB])\.weight$/;

/** A safetensors file of what was learnt. Its metadata name the model it belongs to. */
export function writeAdapter(learnt: Learnt, base: string): Promise<Blob> {
  const tensors = [...learnt].map(([name, { shape, data }]) => writableTensor({ name, dtype: "f32", shape, data }));
  return safetensorsBlob(tensors, { kind: KIND, version: VERSION, base });
}

/** Throws FinetuneError where the file is no adapter, or one of another model. */
export async function readAdapter(file: Blob, base: string): Promise<Learnt> {
  const opened = await openSafetensors(byteSource(file, file instanceof File ? file.name : "adapter"));
  const { kind, version, base: wanted } = opened.metadata;
  if (kind !== KIND) throw new FinetuneError(`${opened.name}: is no adapter of albef`);
  if (version !== VERSION)
    throw new FinetuneError(`${opened.name}: is of version ${version}, this albef reads ${VERSION}`);
  if (wanted !== base) throw new FinetuneError(`${opened.name}: was trained on another model; load that one first`);
  const learnt = new Map<string, LearntTensor>();
  for (const [name, { shape }] of opened.tensors) {
    const { dtype, data } = await opened.read(name);
    if (dtype !== "f32") throw new FinetuneError(`${opened.name}: ${name} must be f32, got ${dtype}`);
    learnt.set(name, { shape, data: data as Float32Array });
  }
  return learnt;
}

/** The model with what was learnt in its weights. */
export async function tunedModel(model: LoadedModel, learnt: Learnt): Promise<LoadedModel> {
  const replaced = new Map<string, LearntTensor>();
  for (const [name, { shape, data }] of learnt) {
    const which = LORA.exec(name)?.[1];
    if (which === "A") continue;
    const key = which === "B" ? name.replace(LORA, ".weight") : name;
    const size = shape.reduce((product, extent) => product * extent, 1);
    const stored = await storedValues(model.origin, key);
    if (!stored && isTaskParameter(key, model.config)) {
      replaced.set(key, { shape, data });
      continue;
    }
    if (!stored) throw new FinetuneError(`adapter: ${name} belongs to no weight of this model`);
    if (which === "B")
      replaced.set(key, { shape: [shape[0]!, stored.length / shape[0]!], data: merged(stored, name, learnt) });
    else if (size === stored.length) replaced.set(key, { shape, data });
    else throw new FinetuneError(`adapter: ${name} has ${size} values, the model's ${stored.length}`);
  }
  return model.origin.rebuilt(replaced, tunedFingerprint(model.fingerprint, learnt));
}

/** W + (alpha / rank) B A. */
function merged(weight: Float32Array, upName: string, learnt: Learnt): Float32Array {
  const key = upName.replace(LORA, ".weight");
  const up = learnt.get(upName)!;
  const down = learnt.get(loraNames(key).down);
  const [rows, rank] = up.shape as readonly [number, number];
  const columns = weight.length / rows;
  if (!down || down.shape[0] !== rank || down.shape[1] !== columns || up.data.length !== rows * rank) {
    throw new FinetuneError(`adapter: ${key} has ${weight.length} values, its adapter does not fit them`);
  }
  const scale = loraScale({ rank });
  const result = Float32Array.from(weight);
  for (let row = 0; row < rows; row++) {
    for (let r = 0; r < rank; r++) {
      const factor = scale * up.data[row * rank + r]!;
      for (let column = 0; column < columns; column++) {
        result[row * columns + column]! += factor * down.data[r * columns + column]!;
      }
    }
  }
  return result;
}

/** Galleries of the tuned model are its own: its features are others. */
function tunedFingerprint(base: string, learnt: Learnt): string {
  const hash = sha256().update(new TextEncoder().encode(base));
  for (const [name, { data }] of learnt) {
    hash.update(new TextEncoder().encode(name)).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.hex().slice(0, 32);
}
