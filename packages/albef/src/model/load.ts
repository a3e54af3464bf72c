import { DeviceError, type ParameterStore, type Safetensors } from "@albef/core";
import type { AlbefConfig, Tokenizer } from "@albef/encoder";
import { type OpenedDevice, openDevice } from "../device/open-device.ts";
import { type SharedDevice, sharedDevice } from "../device/shared-device.ts";
import type { ModelFiles } from "../hub/model-files.ts";
import { openSource } from "../hub/open-source.ts";
import { sha256 } from "../storage/sha256.ts";
import type { DeviceInfo, LoadOptions, ModelSource } from "../types.ts";
import { createEngine, type Engine } from "./engine.ts";
import { readConfig, readTokenizer } from "./model-config.ts";
import { selfCheck } from "./self-check.ts";
import { filesWithShared } from "./shared-weights.ts";
import {
  hasContrast,
  openWeights,
  parameterNames,
  type Replacements,
  type TextPrefix,
  textPrefixOf,
  uploadWeights,
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

export async function loadModel(source: ModelSource, options: LoadOptions = {}): Promise<LoadedModel> {
  const { signal, onProgress, cache, device = "auto", tuning } = options;
  const files = await openSource(source, { signal, onProgress, cache });
  const { config, rerankHelps, text } = await readConfig(files);
  const tokenizer = await readTokenizer(files, config);
  const weights = filesWithShared(await openWeights(files), config);
  signal?.throwIfAborted();
  const fingerprint = await fingerprintOf(text, weights);
  const parts = { files, config, weights, options };
  const run = await begin(await openDevice(device, { tuning }), parts).catch(async (error: unknown) => {
    const mayFallBack = device === "auto" && error instanceof DeviceError && !signal?.aborted;
    if (!mayFallBack) throw error;
    return begin(await openDevice("wasm", { reason: `WebGPU was given up: ${error.message}` }), parts);
  });
  return assembled({ config, rerankHelps, tokenizer, fingerprint }, run, parts);
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
      weights: parts.weights,
      replaced: parts.replaced ?? new Map(),
      textPrefix: textPrefixOf(parts.weights),
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

/** The first model on a device closes it where it cannot start. */
async function begin(opened: OpenedDevice, parts: Parts): Promise<Started> {
  return start(sharedDevice(opened), parts);
}

interface Parts {
  readonly files: ModelFiles;
  readonly config: AlbefConfig;
  readonly weights: readonly Safetensors[];
  readonly options: LoadOptions;
  /** Values that take the place of stored ones. */
  readonly replaced?: Replacements;
}

/** Uploads the weights and checks what the device makes of them; frees the device where that fails. */
async function start(device: SharedDevice, { files, config, weights, options, replaced }: Parts) {
  const { dtype, onProgress, signal } = options;
  const { executor, info } = device.opened;
  const release = device.lease();
  try {
    if (dtype === "f16" && !executor.supportsF16) {
      throw new DeviceError(`dtype "f16": ${info.description} has no 16-bit floats; use "auto" or "f32"`);
    }
    const textPrefix = textPrefixOf(weights);
    const store = await uploadWeights(executor, weights, { config, textPrefix, dtype, onProgress, signal, replaced });
    const engine = createEngine(executor, store, {
      ...{ config, textPrefix, specs: store.specs, contrasts: hasContrast(parameterNames(weights, replaced), config) },
    });
    if (!replaced) await selfCheck(engine, files, { description: info.description, onProgress });
    const dispose = () => {
      engine.dispose();
      store.dispose();
      release();
    };
    return { engine, store, device, dispose };
  } catch (error) {
    release();
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
