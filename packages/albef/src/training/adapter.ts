import { loraNames, loraScale } from "@albef/distillation";
import type { LoadedModel } from "../model/load.ts";
import { shapesOf, storedValues } from "../model/stored-values.ts";
import { isTaskParameter } from "../model/weights.ts";
import { sha256 } from "../storage/sha256.ts";
import type { Learnt, LearntTensor, LearntTensors } from "./adapter-file.ts";
import { FinetuneError } from "./errors.ts";

const LORA = /\.lora_([AB])\.weight$/;

/** The model with what was learnt in its weights. */
export async function tunedModel(model: LoadedModel, learnt: Learnt): Promise<LoadedModel> {
  const { tensors } = learnt;
  const replaced = await copies(model, learnt);
  for (const [name, { shape, data }] of tensors) {
    const which = LORA.exec(name)?.[1];
    if (which === "A") continue;
    const key = which === "B" ? name.replace(LORA, ".weight") : name;
    const size = shape.reduce((product, extent) => product * extent, 1);
    const stored = replaced.get(key)?.data ?? (await storedValues(model.origin, key));
    if (!stored && which === undefined && isTaskParameter(key, model.config)) {
      replaced.set(key, { shape, data });
      continue;
    }
    if (!stored) throw new FinetuneError(`adapter: ${name} belongs to no weight of this model`);
    if (which === "B")
      replaced.set(key, { shape: [shape[0]!, stored.length / shape[0]!], data: merged(stored, name, tensors) });
    else if (size === stored.length) replaced.set(key, { shape, data });
    else throw new FinetuneError(`adapter: ${name} has ${size} values, the model's ${stored.length}`);
  }
  return model.origin.rebuilt(replaced, tunedFingerprint(model.fingerprint, learnt));
}

/** Layers of a task that begin as the model's own, with these values. */
async function copies({ origin, config }: LoadedModel, { sources }: Learnt): Promise<Map<string, LearntTensor>> {
  const shapes = shapesOf(origin);
  const copied = new Map<string, LearntTensor>();
  for (const [name, source] of sources) {
    const [shape, data] = [shapes.get(source), await storedValues(origin, source)];
    if (!shape || !data || !(shapes.has(name) || isTaskParameter(name, config))) {
      throw new FinetuneError(`adapter: ${name} as a copy of ${source} belongs to no weight of this model`);
    }
    copied.set(name, { shape, data });
  }
  return copied;
}

/** W + (alpha / rank) B A. */
function merged(weight: Float32Array, upName: string, learnt: LearntTensors): Float32Array {
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
function tunedFingerprint(base: string, { tensors, sources }: Learnt): string {
  const hash = sha256().update(new TextEncoder().encode([base, ...[...sources].flat()].join(" ")));
  for (const [name, { data }] of tensors) {
    hash.update(new TextEncoder().encode(name)).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.hex().slice(0, 32);
}
