import type { TfTensor } from "../../op.ts";

/** Most bytes of what is derived from weights: beyond, it is made anew each time, for wasm memory ends at 2 GB. */
const MOST_DERIVED_BYTES = 2 ** 28;

/** The tensors that live as long as the executor or their owner, and what is derived from them. */
export interface HeldTensors {
  hold(tensor: TfTensor): TfTensor;
  release(tensor: TfTensor): void;
  /** See `TfjsCall.kept`. */
  kept(source: TfTensor, role: string, make: () => TfTensor): TfTensor;
  count(): { readonly buffers: number; readonly bytes: number };
  releaseAll(): void;
}

/** `keep` saves a tensor from the tidy in which it is made. */
export function heldTensors(keep: (tensor: TfTensor) => TfTensor): HeldTensors {
  const held = new Map<TfTensor, Map<string, TfTensor>>();
  let derivedBytes = 0;
  const sizeOf = (tensor: TfTensor) => tensor.size * 4;
  const release = (tensor: TfTensor) => {
    const derived = held.get(tensor);
    if (!derived) return;
    held.delete(tensor);
    for (const one of derived.values()) {
      derivedBytes -= sizeOf(one);
      one.dispose();
    }
    tensor.dispose();
  };
  return {
    hold(tensor) {
      if (!held.has(tensor)) held.set(tensor, new Map());
      return tensor;
    },
    release,
    kept(source, role, make) {
      const derived = held.get(source);
      const known = derived?.get(role);
      if (known) return known;
      const made = make();
      if (!derived || derivedBytes + sizeOf(made) > MOST_DERIVED_BYTES) return made;
      derived.set(role, keep(made));
      derivedBytes += sizeOf(made);
      return made;
    },
    count() {
      const all = [...held].flatMap(([tensor, derived]) => [tensor, ...derived.values()]);
      return { buffers: all.length, bytes: all.reduce((total, tensor) => total + sizeOf(tensor), 0) };
    },
    releaseAll: () => [...held.keys()].forEach(release),
  };
}
