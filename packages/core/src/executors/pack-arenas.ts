import { DTypeError } from "../errors.ts";
import type { Arena, ArenaSlot, NamedSpec } from "../executor.ts";
import type { TensorData } from "../graph/graph.ts";
import { sizeBytes, type TensorSpec } from "../spec.ts";
import { expectData } from "./check-inputs.ts";

const ALIGNMENT = 256;
const ARENA_BYTES = 64 * 2 ** 20;

/** A tensor, or the place of one whose values come later. */
export interface PlacedTensor extends NamedSpec {
  readonly data?: TensorData;
}

export type TensorSource = Iterable<PlacedTensor> | AsyncIterable<PlacedTensor>;

export interface PackedArena {
  readonly slots: readonly { readonly tensor: PlacedTensor; readonly offsetBytes: number }[];
  readonly sizeBytes: number;
}

/**
 * Tensors side by side in arenas of at most 64 MiB (a larger tensor has one to itself), each at a multiple of 256
 * bytes. The same specs give the same layout. At most one arena's worth is held at a time.
 */
export async function* packArenas(tensors: TensorSource): AsyncGenerator<PackedArena> {
  let slots: { tensor: PlacedTensor; offsetBytes: number }[] = [];
  let total = 0;
  for await (const tensor of tensors) {
    if (tensor.data) expectData(`parameter ${tensor.name}`, tensor, tensor.data);
    const bytes = slotBytes(tensor);
    if (slots.length > 0 && total + bytes > ARENA_BYTES) {
      yield { slots, sizeBytes: total };
      slots = [];
      total = 0;
    }
    slots.push({ tensor, offsetBytes: total });
    total += bytes;
  }
  if (slots.length > 0) yield { slots, sizeBytes: total };
}

/** Bytes that a tensor takes in an arena. */
export function slotBytes(spec: TensorSpec): number {
  return Math.ceil(Math.max(sizeBytes(spec), 16) / ALIGNMENT) * ALIGNMENT;
}

/** The arena as one flat f32 parameter. Throws DTypeError where a tensor is stored otherwise. */
export function flatArena(name: string, packed: PackedArena): Arena {
  const slots = packed.slots.map(({ tensor, offsetBytes }): ArenaSlot => {
    if (tensor.dtype !== "f32") {
      throw new DTypeError(`upload: ${tensor.name} must be f32 to lie in the flat ${name}, got ${tensor.dtype}`);
    }
    return { name: tensor.name, shape: tensor.shape, offset: offsetBytes / 4 };
  });
  return { name, elements: packed.sizeBytes / 4, slots };
}
