import {
  byteSource,
  castFloats,
  checkKeys,
  type Executor,
  type NamedTensor,
  namedTensors,
  openSafetensors,
  type Safetensors,
  shardNames,
  type TensorSpec,
} from "@albef/core";
import type { AlbefConfig, WeightSpecs } from "@albef/encoder";
import { type ModelFiles, required } from "../hub/model-files.ts";
import type { LoadOptions } from "../types.ts";
import { neededParameters } from "./graphs.ts";

const SINGLE = "model.safetensors";
const INDEX = "model.safetensors.index.json";

/** The weight files of a model: one, or the shards that its index lists. */
export async function openWeights(files: ModelFiles): Promise<Safetensors[]> {
  const single = await files.open(SINGLE);
  if (single) return [await openSafetensors(byteSource(single, SINGLE))];
  const index = await required(files, INDEX, `the weights; ${SINGLE} is not there either`);
  const shards: Safetensors[] = [];
  for (const name of shardNames(await index.text())) {
    shards.push(await openSafetensors(byteSource(await required(files, name, `a shard that ${INDEX} lists`), name)));
  }
  return shards;
}

export type TextPrefix = "text_encoder.bert" | "text_encoder";

/** Where the checkpoint keeps its BERT: pre-trained models inside the masked-language wrapper, fine-tuned ones bare. */
export function textPrefixOf(weights: readonly Safetensors[]): TextPrefix {
  const wrapped = weights.some((file) => file.tensors.has("text_encoder.bert.embeddings.word_embeddings.weight"));
  return wrapped ? "text_encoder.bert" : "text_encoder";
}

export interface UploadOptions extends Pick<LoadOptions, "dtype" | "onProgress" | "signal"> {
  readonly config: AlbefConfig;
  readonly textPrefix: string;
  /** Values that take the place of stored ones, by name. */
  readonly replaced?: ReadonlyMap<string, Float32Array> | undefined;
}

/** What is stored as integers with scales: the graphs read it so. All else is expected in the model's own shapes. */
function quantizedSpecs(weights: readonly Safetensors[]): WeightSpecs {
  const stored = new Map(weights.flatMap((file) => [...file.tensors]));
  const specs = new Map<string, TensorSpec>();
  for (const [name, { shape }] of stored) {
    const scales = stored.get(`${name}.scales`);
    if (!scales) continue;
    specs.set(name, { dtype: "u32", shape });
    specs.set(`${name}.scales`, { dtype: "f32", shape: scales.shape });
  }
  return specs;
}

/** Brings what inference reads to the device. Throws WeightError, which lists all that is missing or misshapen. */
export async function uploadWeights(executor: Executor, weights: readonly Safetensors[], options: UploadOptions) {
  const { config, textPrefix, replaced, dtype = "auto", onProgress, signal } = options;
  const needed = neededParameters({ config, textPrefix, specs: quantizedSpecs(weights) });
  checkKeys(new Map(weights.flatMap((file) => [...file.tensors])), needed, { allowUnexpected: true });
  const total = weights
    .flatMap((file) => [...file.tensors])
    .reduce((sum, [name, { sizeBytes }]) => sum + (needed.has(name) ? sizeBytes : 0), 0);
  const cast = dtype === "auto" ? (executor.supportsF16 ? undefined : "f32") : dtype;
  const stored = namedTensors(weights, {
    ...(cast && { dtype: cast }),
    keep: (name) => needed.has(name),
    onTensor: (loaded) => {
      signal?.throwIfAborted();
      onProgress?.({ phase: "upload", file: SINGLE, loaded, total });
    },
  });
  return executor.upload(replaced ? withReplaced(stored, replaced) : stored);
}

async function* withReplaced(tensors: AsyncIterable<NamedTensor>, replaced: ReadonlyMap<string, Float32Array>) {
  for await (const tensor of tensors) {
    const data = replaced.get(tensor.name);
    yield data ? castFloats({ ...tensor, dtype: "f32", data }, tensor.dtype as "f32" | "f16") : tensor;
  }
}
