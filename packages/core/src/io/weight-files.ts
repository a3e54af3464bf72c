import type { NamedSpec, NamedTensor } from "../executor.ts";
import { WeightError } from "./errors.ts";
import type { Safetensors } from "./safetensors.ts";
import { castDType, castFloats, engineDType } from "./stored-dtype.ts";

export interface NamedTensorsOptions {
  /** Stored float type on the device. Default: as in the file. */
  readonly dtype?: "f32" | "f16";
  readonly keep?: (name: string) => boolean;
  readonly onTensor?: (loadedBytes: number) => void;
}

/** What `namedTensors` is going to give, as the headers tell. */
export function namedSpecs(files: readonly Safetensors[], options: Omit<NamedTensorsOptions, "onTensor">): NamedSpec[] {
  return wantedTensors(files, options).map(({ name, stored, dtype }) => ({
    name,
    dtype: castDType(engineDType(stored.dtype), dtype),
    shape: stored.shape,
  }));
}

/** The tensors of one or several shards, one in memory at a time, as an executor takes them. */
export async function* namedTensors(
  files: readonly Safetensors[],
  { onTensor, ...options }: NamedTensorsOptions = {},
): AsyncGenerator<NamedTensor> {
  let loaded = 0;
  for (const { name, file, stored, dtype } of wantedTensors(files, options)) {
    const tensor = await file.read(name);
    yield dtype ? castFloats(tensor, dtype) : tensor;
    loaded += stored.sizeBytes;
    onTensor?.(loaded);
  }
}

/** In the order in which they lie in the files, so that one read while it comes is read as it comes. */
function wantedTensors(files: readonly Safetensors[], { dtype, keep = () => true }: NamedTensorsOptions) {
  const seen = new Set<string>();
  return files.flatMap((file) => {
    const kept = [...file.tensors].filter(([name]) => keep(name));
    return kept
      .sort(([, a], [, b]) => a.offset - b.offset)
      .map(([name, stored]) => {
        if (seen.has(name)) throw new WeightError(`${file.name}: tensor ${name} is in another shard too`);
        seen.add(name);
        const isScale = name.endsWith(".scales"); // of quantised weights: always f32
        return { name, file, stored, dtype: isScale ? undefined : dtype };
      });
  });
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
