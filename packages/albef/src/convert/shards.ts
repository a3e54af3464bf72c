import { safetensorsChunks, type WritableTensor } from "@albef/core";

export interface WeightFile {
  readonly name: string;
  readonly sizeBytes: number;
  readonly tensors: readonly WritableTensor[];
  chunks(): AsyncGenerator<Uint8Array>;
}

const BYTES: Readonly<Record<string, number>> = { F32: 4, U32: 4, F16: 2 };

/** Weight files of at most `maxBytes` each (a larger tensor has one of its own), named as Hugging Face names shards. */
export function weightFiles(
  tensors: readonly WritableTensor[],
  { maxBytes, metadata }: { readonly maxBytes: number; readonly metadata: Readonly<Record<string, string>> },
): WeightFile[] {
  const groups: WritableTensor[][] = [[]];
  let bytes = 0;
  for (const tensor of tensors) {
    const size = sizeOf(tensor);
    if (bytes + size > maxBytes && bytes > 0) {
      groups.push([]);
      bytes = 0;
    }
    groups.at(-1)!.push(tensor);
    bytes += size;
  }
  return groups.map((group, i) => ({
    name: shardName(i, groups.length),
    sizeBytes: group.reduce((total, tensor) => total + sizeOf(tensor), 0),
    tensors: group,
    chunks: () => safetensorsChunks(group, metadata),
  }));
}

/** `model.safetensors.index.json`: which tensor lies in which shard. */
export function shardIndex(files: readonly WeightFile[]): unknown {
  return {
    metadata: { total_size: files.reduce((total, { sizeBytes }) => total + sizeBytes, 0) },
    weight_map: Object.fromEntries(files.flatMap(({ name, tensors }) => tensors.map((tensor) => [tensor.name, name]))),
  };
}

function shardName(index: number, count: number): string {
  if (count === 1) return "model.safetensors";
  const five = (value: number) => String(value).padStart(5, "0");
  return `model-${five(index + 1)}-of-${five(count)}.safetensors`;
}

function sizeOf({ dtype, shape }: WritableTensor): number {
  return shape.reduce((total, extent) => total * extent, BYTES[dtype]!);
}
