import { DeviceError, type ParameterStore, type Safetensors } from "@albef/core";
import type { AlbefConfig, Tokenizer } from "@albef/encoder";
import { openDevice } from "../device/open-device.ts";
import { held, type SharedDevice, sharedDevice } from "../device/shared-device.ts";
import { FetchedAnew } from "../hub/arrival.ts";
import type { ModelFiles } from "../hub/model-files.ts";
import { type OpenOptions, openSource } from "../hub/open-source.ts";
import { sha256 } from "../storage/sha256.ts";
import type { DeviceInfo, LoadOptions, ModelSource } from "../types.ts";
import { createEngine, type Engine } from "./engine.ts";
import { readConfig, readTokenizer } from "./model-config.ts";
import { readRecorded, selfCheck } from "./self-check.ts";
import {
  hasContrast,
  type OpenedWeights,
  openWeights,
  parameterNames,
  type Replacements,
  reserveWeights,
  type TextPrefix,
  textPrefixOf,
  withPairs,
} from "./weights.ts";

/** Everything that a model is made of. */
export interface LoadedModel {
  readonly config: AlbefConfig;
  /** Whether re-ranking by ITM ranks better than ITC alone, as measured by who made the weights. */
  readonly rerankHelps: boolean;
  readonly tokenizer: Tokenizer;
  readonly engine: Engine;
  readonly device: DeviceInfo;
  readonly fingerprint: string;
  /** What the model was made from, for those that train it. */
  readonly origin: ModelOrigin;
  dispose(): void;
}

export interface ModelOrigin {
  readonly files: ModelFiles;
  readonly weights: readonly Safetensors[];
  /** Values that took the place of stored ones, by name: what training learnt. */
  readonly replaced: Replacements;
  readonly textPrefix: TextPrefix;
  /** On the device: what inference reads. */
  readonly store: ParameterStore;
  /** The same model with other values for some weights, on the same device. */
  rebuilt(replaced: Replacements, fingerprint: string): Promise<LoadedModel>;
}

/** As `Albef.fromPretrained` says. `transfer`: how weights are fetched. */
export async function loadModel(
  source: ModelSource,
  options: LoadOptions & { readonly transfer?: OpenOptions["tuning"] } = {},
): Promise<LoadedModel> {
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const opening = openDevice(options.device, { tuning: options.tuning }).then(held); // meanwhile
  opening.catch(() => undefined); // told below, unless the source has a fault
  try {
    const { onProgress, cache, transfer } = options;
    const files = await openSource(source, { signal, onProgress, cache, tuning: transfer });
    const load = { ...options, signal };
    return await loadFrom(files, opening, load, { streams: true }).catch((error: unknown) => {
      if (!(error instanceof FetchedAnew)) throw error;
      return loadFrom(files, opening, load, { streams: false });
    });
  } catch (error) {
    stop.abort(error); // downloads that nobody waits for any more
    throw error;
  } finally {
    opening.then(
      ({ release }) => release(),
      () => undefined,
    );
  }
}

async function loadFrom(
  files: ModelFiles,
  opening: Promise<{ readonly device: SharedDevice }>,
  options: LoadOptions,
  { streams }: { readonly streams: boolean },
): Promise<LoadedModel> {
  const opened = openWeights(files, { streams }); // meanwhile
  opened.catch(() => undefined); // told below, unless the description has a fault
  const { config, rerankHelps, text } = await readConfig(files);
  const tokenizer = await readTokenizer(files, config);
  const weights = await withPairs(await opened, config);
  options.signal?.throwIfAborted();
  const parts = { files, config, weights, options };
  const { device } = await opening;
  const run = await start(device, parts).catch(async (error: unknown) => {
    const mayFallBack = (options.device ?? "auto") === "auto" && error instanceof DeviceError;
    if (!mayFallBack || options.signal?.aborted) throw error;
    return start(sharedDevice(await openDevice("wasm", { reason: `WebGPU was given up: ${error.message}` })), parts);
  });
  try {
    const fingerprint = await fingerprintOf(text, weights.files);
    return assembled({ config, rerankHelps, tokenizer, fingerprint }, run, parts);
  } catch (error) {
    run.dispose();
    throw error;
  }
}

type Described = Pick<LoadedModel, "config" | "rerankHelps" | "tokenizer" | "fingerprint">;
type Started = Awaited<ReturnType<typeof start>>;

function assembled(described: Described, run: Started, parts: Parts): LoadedModel {
  const { store, device, ...running } = run;
  return {
    ...described,
    ...running,
    device: device.opened.info,
    origin: {
      files: parts.files,
      weights: parts.weights.files,
      replaced: parts.replaced ?? new Map(),
      textPrefix: textPrefixOf(parts.weights.files),
      store,
      async rebuilt(replaced, fingerprint) {
        const all = new Map([...(parts.replaced ?? []), ...replaced]);
        const tuned = {
          ...parts,
          replaced: all,
          options: { ...parts.options, onProgress: undefined, signal: undefined },
        };
        return assembled({ ...described, fingerprint }, await start(device, tuned), tuned);
      },
    },
  };
}

interface Parts {
  readonly files: ModelFiles;
  readonly config: AlbefConfig;
  readonly weights: OpenedWeights;
  readonly options: LoadOptions;
  /** Values that take the place of stored ones. */
  readonly replaced?: Replacements;
}

/**
 * Brings the weights to the device as they come, compiles meanwhile what the first search needs, and checks what the
 * device makes of both. Frees all that where it fails.
 */
async function start(device: SharedDevice, { files, config, weights, options, replaced }: Parts) {
  const { dtype, onProgress, signal } = options;
  const { executor, info } = device.opened;
  const release = device.lease();
  let free = release;
  try {
    if (dtype === "f16" && !executor.supportsF16) {
      throw new DeviceError(`dtype "f16": ${info.description} has no 16-bit floats; use "auto" or "f32"`);
    }
    const textPrefix = textPrefixOf(weights.files);
    const uploading = { config, textPrefix, dtype, onProgress, signal, replaced };
    const { store, fill } = await reserveWeights(executor, weights.files, uploading);
    const contrasts = hasContrast(parameterNames(weights.files, replaced), config);
    const engine = createEngine(executor, store, { config, textPrefix, specs: store.specs, contrasts });
    const dispose = () => {
      engine.dispose();
      store.dispose();
      release();
    };
    free = dispose;
    const coming = Promise.all([fill(), weights.whole]);
    const [recorded] = await Promise.all([
      replaced ? null : readRecorded(files),
      engine.prepare({ onProgress }),
      coming,
    ]);
    if (recorded) await selfCheck(engine, recorded, { description: info.description, onProgress });
    return { engine, store, device, dispose };
  } catch (error) {
    free();
    throw error;
  }
}

/** Tells models apart by configuration and projections: features of models that share these can be compared. */
async function fingerprintOf(configText: string, weights: readonly Safetensors[]): Promise<string> {
  const hash = sha256().update(new TextEncoder().encode(configText));
  for (const name of [
    "vision_proj.weight",
    "text_proj.weight",
    "cls_head.2.weight",
    "text_decoder.cls.predictions.bias",
  ]) {
    const file = weights.find(({ tensors }) => tensors.has(name));
    if (file) hash.update(await file.bytes(name)); // the key check refuses weights that lack what they need
  }
  return hash.hex().slice(0, 32);
}
