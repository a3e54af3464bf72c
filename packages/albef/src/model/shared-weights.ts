import type { Safetensors } from "@albef/core";
import { type AlbefConfig, pairConfig } from "@albef/encoder";

/** Keys and values of cross-attention, which the two layers of a pair share (official model_nlvr.py). */
const SHARED = /^(text_encoder(?:_m)?\.(?:bert\.)?encoder\.layer\.)(\d+)(\.crossattention\.self\.(?:key|value)\..*)$/;
const LAYER = /^text_encoder\.(?:bert\.)?encoder\.layer\.(\d+)\./;

/** Metadata of weights whose pairs share nothing (the paper's ablation), where both names are parameters. */
export const UNSHARED = { sharing: "none" } as const;

/**
 * Names of shared tensors of the two-image encoder -> the name whose values count. An official state dict lists them
 * under both layers; where the two differ `load_state_dict` copies both into one parameter and the later, that of the
 * second layer, stays. Empty for other models.
 */
export function sharedTensors(names: Iterable<string>, { text }: AlbefConfig): ReadonlyMap<string, string> {
  const all = [...names];
  const shared = new Map<string, string>();
  if (!all.some((name) => Number(LAYER.exec(name)?.[1] ?? -1) >= text.numLayers)) return shared;
  for (const name of all) {
    const [, stem, layer, rest] = SHARED.exec(name) ?? [];
    const place = Number(layer) - text.fusionLayer;
    if (stem && place > 0 && place % 2 === 1) shared.set(`${stem}${Number(layer) - 1}${rest}`, name);
  }
  return shared;
}

/**
 * What the pairs of a two-image encoder share that is loaded, or was taught. The last layer tells: below it a model that
 * was taught may still have the keys and values of the single layers that it began from.
 */
export function loadedSharing(names: Iterable<string>, { text }: AlbefConfig): "none" | "cross-attention" {
  const last = `layer.${pairConfig(text).numLayers - 1}.crossattention.self.key.weight`;
  return [...names].some((name) => name.endsWith(last)) ? "none" : "cross-attention";
}

/** Tensors by name with the shared ones once, by the first name. */
export function withShared<T>(tensors: ReadonlyMap<string, T>, config: AlbefConfig): ReadonlyMap<string, T> {
  const shared = sharedTensors(tensors.keys(), config);
  if (shared.size === 0) return tensors;
  const second = new Set(shared.values());
  const kept = [...tensors].filter(([name]) => !second.has(name));
  return new Map([...kept, ...[...shared].map(([first, later]) => [first, tensors.get(later)!] as const)]);
}

/** Weight files that tell shared tensors once, whichever shard holds them. */
export function filesWithShared(files: readonly Safetensors[], config: AlbefConfig): readonly Safetensors[] {
  if (files.some(({ metadata }) => metadata.sharing === UNSHARED.sharing)) return files;
  const places = files.flatMap((file) => [...file.tensors.keys()].map((name) => [name, { file, name }] as const));
  const shared = sharedTensors(new Map(places).keys(), config);
  if (shared.size === 0) return files;
  const known = withShared(new Map(places), config);
  return files.map((file) => {
    const own = [...known].filter(([, place]) => place.file === file);
    const stored = (name: string) => known.get(name)?.name ?? name; // a name that is not there is told by the file
    return {
      ...file,
      tensors: new Map(own.map(([name, place]) => [name, file.tensors.get(place.name)!])),
      bytes: (name) => file.bytes(stored(name)),
      read: async (name) => ({ ...(await file.read(stored(name))), name }),
    };
  });
}
