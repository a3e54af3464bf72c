import { type ByteSource, byteSource } from "@albef/core";
import { type AlbefConfig, configFromShapes, formatConfig, parseConfig, withImageSize } from "@albef/encoder";
import { ModelFileError } from "../errors.ts";
import { MANIFEST_NAME, type ManifestFile } from "../hub/manifest.ts";
import { UNSHARED, withShared } from "../model/shared-weights.ts";
import { sha256 } from "../storage/sha256.ts";
import type { ProgressOptions } from "../types.ts";
import { type Checkpoint, openCheckpoint } from "./checkpoint.ts";
import { isNeeded, type WeightDType } from "./selection.ts";
import { shardIndex, type WeightFile, weightFiles } from "./shards.ts";
import type { ModelSink } from "./sinks.ts";
import { storedTensors } from "./stored-tensors.ts";
import { readTokenizerFile, type TokenizerFile } from "./vocabulary.ts";

export interface ConvertOptions extends ProgressOptions {
  /** How matrices are stored. Default: f16. */
  readonly dtype?: WeightDType | undefined;
  /** Side of the images, in pixels; position embeddings are interpolated. Default: the checkpoint's own. */
  readonly imageSize?: number | undefined;
  /** A configuration under official names, where the shapes do not tell it (heads that are not 64 wide). */
  readonly config?: unknown;
  /** A vocab.txt or tokenizer.json. Default: the words of bert-base-uncased, which official checkpoints use. */
  readonly tokenizer?: File | undefined;
  /** Also keep the momentum teacher and the queues, to go on training. */
  readonly keepTraining?: boolean | undefined;
  /** Bytes of a weight file before the next is begun. Default: 64 MiB. */
  readonly maxShardBytes?: number | undefined;
}

export interface Converted {
  readonly config: AlbefConfig;
  readonly tensors: number;
  readonly files: ReadonlyMap<string, ManifestFile>;
}

const DEFAULT_SHARD_BYTES = 64 << 20;

/**
 * Turns an official checkpoint (`.pth`, or safetensors with official keys) into the folder that `fromPretrained` loads:
 * config.json, tokenizer, weights, manifest.json. One tensor is in memory at a time. On an error the sink is undone.
 * Throws WeightError, ConfigError, ModelFileError, or the signal's reason.
 */
export async function convertCheckpoint(
  given: ByteSource | File,
  sink: ModelSink,
  options: ConvertOptions = {},
): Promise<Converted> {
  const source = given instanceof File ? byteSource(given) : given;
  try {
    const checkpoint = await openCheckpoint(source);
    const config = configOf(checkpoint, options);
    const tokenizer = await readTokenizerFile(options.tokenizer, config);
    const weights = plannedWeights(checkpoint, config, options);
    const files = await writeAll(sink, { config, tokenizer, weights, name: source.name }, options);
    await sink.commit();
    return { config, tensors: weights.reduce((total, { tensors }) => total + tensors.length, 0), files };
  } catch (error) {
    await sink.abort();
    throw error;
  }
}

function configOf({ tensors }: Checkpoint, { config, imageSize }: ConvertOptions): AlbefConfig {
  const own = config
    ? parseConfig(config)
    : configFromShapes(new Map([...tensors].map(([name, { shape }]) => [name, shape])));
  if (imageSize === undefined) return own;
  if (!Number.isInteger(imageSize) || imageSize < 1 || imageSize % own.vision.patchSize !== 0) {
    throw new ModelFileError(`image size ${imageSize} must hold whole patches of ${own.vision.patchSize} pixels`);
  }
  return withImageSize(own, imageSize);
}

function plannedWeights({ tensors, scalars }: Checkpoint, config: AlbefConfig, options: ConvertOptions): WeightFile[] {
  const { dtype = "f16", keepTraining = false, maxShardBytes = DEFAULT_SHARD_BYTES } = options;
  const unshared = scalars.sharing === UNSHARED.sharing;
  const once = unshared ? tensors : withShared(tensors, config);
  const kept = [...once].filter(([name]) => keepTraining || isNeeded(name));
  const { imageSize, patchSize } = config.vision;
  const patchesPerSide = imageSize / patchSize;
  return weightFiles(storedTensors(kept, { dtype, patchesPerSide }), {
    maxBytes: maxShardBytes,
    metadata: { format: "pt", dtype, ...(unshared && UNSHARED) },
  });
}

interface Plan {
  readonly name: string;
  readonly config: AlbefConfig;
  readonly tokenizer: TokenizerFile;
  readonly weights: readonly WeightFile[];
}

/** The configuration and the manifest come last: without them the folder is no model yet. */
async function writeAll(sink: ModelSink, { name, config, tokenizer, weights }: Plan, options: ConvertOptions) {
  const { onProgress, signal } = options;
  const total = weights.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const files = new Map<string, ManifestFile>();
  let loaded = 0;
  const write = async (file: string, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) => {
    const hash = sha256();
    let size = 0;
    async function* watched() {
      for await (const chunk of chunks) {
        signal?.throwIfAborted();
        hash.update(chunk);
        size += chunk.length;
        yield chunk;
      }
    }
    await sink.write(file, watched());
    files.set(file, { size, sha256: hash.hex() });
  };
  async function* reported(file: WeightFile) {
    for await (const chunk of file.chunks()) {
      yield chunk;
      loaded = Math.min(total, loaded + chunk.length);
      onProgress?.({ phase: "convert", file: name, loaded, total });
    }
  }
  for (const file of weights) await write(file.name, reported(file));
  if (weights.length > 1) await write("model.safetensors.index.json", [json(shardIndex(weights))]);
  await write(tokenizer.name, [tokenizer.bytes]);
  await write("config.json", [json(formatConfig(config))]);
  await sink.write(MANIFEST_NAME, oneChunk(json({ files: Object.fromEntries(files) })));
  return files;
}

async function* oneChunk(bytes: Uint8Array) {
  yield bytes;
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
}
