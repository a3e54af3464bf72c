import {
  checkKeys,
  type Executor,
  halvesFrom,
  namedSpecs,
  namedTensors,
  openSafetensors,
  type ParameterStore,
  type Safetensors,
  shardNames,
  type TensorSpec,
} from "@albef/core";
import type { AlbefConfig, WeightSpecs } from "@albef/encoder";
import { ModelSourceError } from "../errors.ts";
import { type ModelFiles, required, streamOf } from "../hub/model-files.ts";
import type { LoadOptions } from "../types.ts";
import { neededParameters } from "./graphs.ts";

const SINGLE = "model.safetensors";
const INDEX = "model.safetensors.index.json";

/** Weight files whose headers are there. */
export interface OpenedWeights {
  readonly files: readonly Safetensors[];
  /** Settles when all bytes are there: fulfilled only where they are the right ones. */
  readonly whole: Promise<unknown>;
}

/** The weight files of a model: one, or the shards that its index lists. `streams`: those on their way are read so. */
export async function openWeights(
  files: ModelFiles,
  { streams }: { readonly streams: boolean },
): Promise<OpenedWeights> {
  const open = async (name: string) =>
    streams && files.stream ? files.stream(name) : streamOf(await files.open(name), name);
  const single = await open(SINGLE);
  if (single) return { files: [await openSafetensors(single.source)], whole: single.whole };
  const index = await required(files, INDEX, `the weights; ${SINGLE} is not there either`);
  const shards = await Promise.all(
    shardNames(await index.text()).map(async (name) => expectFile(await open(name), files, name)),
  );
  const whole = Promise.all(shards.map((shard) => shard.whole));
  whole.catch(() => undefined); // where a header has a fault, that is told
  return { files: await Promise.all(shards.map(({ source }) => openSafetensors(source))), whole };
}

function expectFile<T>(file: T | null, { label }: ModelFiles, name: string): T {
  if (file) return file;
  throw new ModelSourceError(`${label}: has no ${name} (a shard that ${INDEX} lists)`);
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

/** Weights that tell once what the layers of two-image encoders share; other models do not load the code for it. */
export async function withPairs({ files, whole }: OpenedWeights, config: AlbefConfig): Promise<OpenedWeights> {
  if (!isPaired(parameterNames(files), config)) return { files, whole };
  const { filesWithShared } = await import("../seldom.ts");
  return { files: filesWithShared(files, config), whole };
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

export interface WeightUpload {
  /** Its values come by `fill`. */
  readonly store: ParameterStore;
  /** Brings the weights to the device, one tensor after another as they come. */
  fill(): Promise<void>;
}

/** Makes room for what inference reads. Throws WeightError, which lists all that is missing or misshapen. */
export async function reserveWeights(
  executor: Executor,
  weights: readonly Safetensors[],
  options: UploadOptions,
): Promise<WeightUpload> {
  const { config, textPrefix, replaced = new Map(), dtype = "auto", onProgress, signal } = options;
  const names = parameterNames(weights, replaced);
  const plan = { config, textPrefix, specs: quantizedSpecs(weights), contrasts: hasContrast(names, config) };
  const stored = new Map(weights.flatMap((file) => [...file.tensors]));
  const paired = isPaired(names, config);
  const isOwn = (name: string) => isTaskParameter(name, config) || (paired && layerOf(name) >= config.text.fusionLayer);
  const own = [...stored].flatMap(([name, { shape }]) => (isOwn(name) ? [[name, shape] as const] : []));
  const needed = new Map([...neededParameters(plan, { fuses: !paired }), ...own]);
  checkKeys(stored, needed, { allowUnexpected: true });
  const cast = dtype === "auto" ? (executor.supportsF16 ? undefined : "f32") : dtype;
  const wanted = { ...(cast && { dtype: cast }), keep: (name: string) => needed.has(name) };
  const added = [...replaced].filter(([name]) => !needed.has(name) && isTaskParameter(name, config)); // new heads
  const store = await executor.reserve([
    ...namedSpecs(weights, wanted),
    ...added.map(([name, { shape }]) => ({ name, dtype: "f32" as const, shape })),
  ]);
  const total = [...stored].reduce((sum, [name, { sizeBytes }]) => sum + (needed.has(name) ? sizeBytes : 0), 0);
  const onTensor = (loaded: number) => onProgress?.({ phase: "upload", file: SINGLE, loaded, total });
  return {
    store,
    async fill() {
      for await (const { name, dtype: as, data } of namedTensors(weights, { ...wanted, onTensor })) {
        signal?.throwIfAborted();
        const learnt = replaced.get(name);
        store.write(name, learnt && as === "f16" ? halvesFrom(learnt.data) : (learnt?.data ?? data));
      }
      for (const [name, { data }] of added) store.write(name, data);
    },
  };
}
