/** Image states by id within a budget of bytes; what was used longest ago goes first. */
export interface StateCache {
  get(id: string): Float32Array | undefined;
  set(id: string, states: Float32Array): void;
  /** Keeps states only where there is room without giving up others. */
  offer(id: string, states: Float32Array): void;
  delete(id: string): void;
  clear(): void;
}

export function stateCache(budgetBytes: number): StateCache {
  const kept = new Map<string, Float32Array>(); // in the order of use
  let bytes = 0;
  const remove = (id: string) => {
    bytes -= kept.get(id)?.byteLength ?? 0;
    kept.delete(id);
  };
  const put = (id: string, states: Float32Array) => {
    remove(id);
    if (states.byteLength > budgetBytes) return;
    while (bytes + states.byteLength > budgetBytes) remove(kept.keys().next().value!);
    kept.set(id, states);
    bytes += states.byteLength;
  };
  return {
    get(id) {
      const states = kept.get(id);
      if (!states) return undefined;
      kept.delete(id);
      kept.set(id, states);
      return states;
    },
    set: put,
    offer(id, states) {
      remove(id);
      if (bytes + states.byteLength <= budgetBytes) put(id, states);
    },
    delete: remove,
    clear() {
      kept.clear();
      bytes = 0;
    },
  };
}
