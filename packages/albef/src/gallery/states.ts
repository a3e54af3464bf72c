import { floatsFrom, halvesFrom } from "@albef/core";

/** Image states by id within a budget of bytes, as 16-bit floats; what was used longest ago goes first. */
export interface StateCache {
  get(id: string): Float32Array | undefined;
  set(id: string, states: Float32Array): void;
  /** Keeps states only where there is room without giving up others. */
  offer(id: string, states: Float32Array): void;
  delete(id: string): void;
  clear(): void;
}

export function stateCache(budgetBytes: number): StateCache {
  const kept = new Map<string, Uint16Array>(); // in the order of use
  let bytes = 0;
  const sizeOf = (states: Float32Array) => 2 * states.length;
  const remove = (id: string) => {
    bytes -= kept.get(id)?.byteLength ?? 0;
    kept.delete(id);
  };
  const put = (id: string, states: Float32Array) => {
    remove(id);
    if (sizeOf(states) > budgetBytes) return;
    while (bytes + sizeOf(states) > budgetBytes) remove(kept.keys().next().value!);
    kept.set(id, halvesFrom(states));
    bytes += sizeOf(states);
  };
  return {
    get(id) {
      const states = kept.get(id);
      if (!states) return undefined;
      kept.delete(id);
      kept.set(id, states);
      return floatsFrom(states);
    },
    set: put,
    offer(id, states) {
      remove(id);
      if (bytes + sizeOf(states) <= budgetBytes) put(id, states);
    },
    delete: remove,
    clear() {
      kept.clear();
      bytes = 0;
    },
  };
}
