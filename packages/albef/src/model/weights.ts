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

/** Heads of the downstream tasks; with what the checkpoint repeats or keeps for nothing left out. */
const TASK_HEAD = /^(cls_head|ta_head|text_decoder)\.(?!cls\.predictions\.decoder|.*position_ids)/;

/** Whether a parameter belongs to a downstream task alone: its head, or layers that only the two-image encoder has. */
export function isTaskParameter(name: string, config: AlbefConfig): boolean {
  return TASK_HEAD.test(name) || isPairLayer(name, config);
}

function isPairLayer(name: string, { text }: AlbefConfig): boolean {
  return layerOf(name) >= text.numLayers;
}

/** The number of the BERT's layer that a parameter is of; -1 where it is of none. */
function layerOf(name: string): number {
  return Number(/^text_encoder\.(?:bert\.)?encoder\.layer\.(\d+)\./.exec(name)?.[1] ?? -1);
}

/**
 * Whether the weights contrast and match one image with one text. Official models of the downstream tasks have no
 * projections and no matching head; in the two-image encoder the fusion layers are others.
 */
export function hasContrast(names: readonly string[], config: AlbefConfig): boolean {
  if (isPaired(names, config)) return false;
  return names.includes("vision_proj.weight") || !names.some((name) => isTaskParameter(name, config));
}

function isPaired(names: readonly string[], config: AlbefConfig): boolean {
  return names.some((name) => isPairLayer(name, config));
}

export function parameterNames(weights: readonly Safetensors[], replaced?: Replacements): string[] {
  return [...weights.flatMap((file) => [...file.tensors.keys()]), ...(replaced?.keys() ?? [])];
}

export interface UploadOptions extends Pick<LoadOptions, "dtype" | "onProgress" | "signal"> {
  readonly config: AlbefConfig;
  readonly textPrefix: string;
  /** Values that take the place of stored ones, by name. */
  readonly replaced?: Replacements | undefined;
}

export type Replacements = ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;

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
  const names = parameterNames(weights, replaced);
  const plan = { config, textPrefix, specs: quantizedSpecs(weights), contrasts: hasContrast(names, config) };
  const stored = new Map(weights.flatMap((file) => [...file.tensors]));
  const paired = isPaired(names, config);
  const isOwn = (name: string) => isTaskParameter(name, config) || (paired && layerOf(name) >= config.text.fusionLayer);
  const own = [...stored].flatMap(([name, { shape }]) => (isOwn(name) ? [[name, shape] as const] : []));
  const needed = new Map([...neededParameters(plan, { fuses: !paired }), ...own]);
  checkKeys(stored, needed, { allowUnexpected: true });
  const total = [...stored].reduce((sum, [name, { sizeBytes }]) => sum + (needed.has(name) ? sizeBytes : 0), 0);
  const cast = dtype === "auto" ? (executor.supportsF16 ? undefined : "f32") : dtype;
  const tensors = namedTensors(weights, {
    ...(cast && { dtype: cast }),
    keep: (name) => needed.has(name),
    onTensor: (loaded) => {
      signal?.throwIfAborted();
      onProgress?.({ phase: "upload", file: SINGLE, loaded, total });
    },
  });
  return executor.upload(replaced ? withReplaced(tensors, replaced, config) : tensors);
}

/** The stored tensors with other values for some, and those that only the replacements have: new heads. */
async function* withReplaced(
  tensors: AsyncIterable<NamedTensor>,
  replaced: Replacements,
  config: AlbefConfig,
): AsyncGenerator<NamedTensor> {
  const added = new Map(replaced);
  for await (const tensor of tensors) {
    const given = replaced.get(tensor.name);
    added.delete(tensor.name);
    yield given ? castFloats({ ...tensor, dtype: "f32", data: given.data }, tensor.dtype as "f32" | "f16") : tensor;
  }
  for (const [name, { shape, data }] of added) {
    if (isTaskParameter(name, config)) yield { name, dtype: "f32", shape, data };
  }
}
