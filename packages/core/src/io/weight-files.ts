import type { NamedTensor } from "../executor.ts";
import { WeightError } from "./errors.ts";
import type { Safetensors } from "./safetensors.ts";
import { castFloats } from "./stored-dtype.ts";

export interface NamedTensorsOptions {
  /** Stored float type on the device. Default: as in the file. */
  readonly dtype?: "f32" | "f16";
  readonly keep?: (name: string) => boolean;
  readonly onTensor?: (loadedBytes: number) => void;
}

/** The tensors of one or several shards, one in memory at a time, as an executor takes them. */
export async function* namedTensors(
  files: readonly Safetensors[],
  { dtype, keep = () => true, onTensor }: NamedTensorsOptions = {},
): AsyncGenerator<NamedTensor> {
  const seen = new Set<string>();
  let loaded = 0;
  for (const file of files) {
    for (const [name, { sizeBytes }] of file.tensors) {
      if (!keep(name)) continue;
      if (seen.has(name)) throw new WeightError(`${file.name}: tensor ${name} is in another shard too`);
      seen.add(name);
      const tensor = await file.read(name);
      const isScale = name.endsWith(".scales"); // of quantised weights: always f32
      yield dtype && !isScale ? castFloats(tensor, dtype) : tensor;
      loaded += sizeBytes;
      onTensor?.(loaded);
    }
  }
}

/** File names that a shard index (`model.safetensors.index.json`) lists. */
export function shardNames(indexJson: string): string[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(indexJson);
  } catch (cause) {
    throw new WeightError("model.safetensors.index.json: is not JSON", { cause });
  }
  const map = (parsed as { weight_map?: unknown } | null)?.weight_map;
  if (typeof map !== "object" || map === null) throw new WeightError("model.safetensors.index.json: has no weight_map");
  const names = [...new Set(Object.values(map as Record<string, unknown>))];
  const bad = names.find((name) => typeof name !== "string" || !/^[\w.-]+\.safetensors$/.test(name));
  if (bad !== undefined) throw new WeightError(`model.safetensors.index.json: ${JSON.stringify(bad)} is no shard name`);
  return names as string[];
}

/** Throws one error that lists every missing, unexpected and misshapen tensor. */
export function checkKeys(
  found: ReadonlyMap<string, { readonly shape: readonly number[] }>,
  expected: ReadonlyMap<string, readonly number[]>,
  { allowUnexpected = false }: { readonly allowUnexpected?: boolean } = {},
): void {
  const faults: string[] = [];
  for (const [name, shape] of expected) {
    const tensor = found.get(name);
    if (!tensor) faults.push(`missing: ${name} [${shape.join(",")}]`);
    else if (tensor.shape.join() !== shape.join()) {
      faults.push(`shape: ${name} is [${tensor.shape.join(",")}], expected [${shape.join(",")}]`);
    }
  }
  if (!allowUnexpected) for (const name of found.keys()) if (!expected.has(name)) faults.push(`unexpected: ${name}`);
  if (faults.length > 0) throw new WeightError(`the weights do not fit the model\n  ${faults.join("\n  ")}`);
}
