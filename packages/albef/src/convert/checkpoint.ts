import { type ByteSource, type CheckpointTensor, openSafetensors, openTorchCheckpoint } from "@albef/core";

/** Tensors by their official names, in a `.pth` of torch.save or a safetensors file. */
export interface Checkpoint {
  readonly name: string;
  readonly format: "zip" | "legacy" | "safetensors";
  readonly tensors: ReadonlyMap<string, CheckpointTensor>;
  /** Numbers and strings beside the tensors, such as `epoch`. */
  readonly scalars: Readonly<Record<string, number | string | boolean>>;
}

/** Opens a checkpoint without running anything in it. Throws WeightError, which says what is wrong with the file. */
export async function openCheckpoint(source: ByteSource): Promise<Checkpoint> {
  if (!(await isSafetensors(source))) return openTorchCheckpoint(source);
  const file = await openSafetensors(source);
  const tensors = new Map(
    [...file.tensors].map(
      ([name, { dtype, shape }]) => [name, { dtype, shape, bytes: () => file.bytes(name) }] as const,
    ),
  );
  return { name: source.name, format: "safetensors", tensors, scalars: file.metadata };
}

/** Eight bytes of header length, then JSON; no file of torch.save has a brace there. */
async function isSafetensors(source: ByteSource): Promise<boolean> {
  if (source.name.endsWith(".safetensors")) return true;
  return source.size > 8 && (await source.read(8, 1))[0] === "{".charCodeAt(0);
}
