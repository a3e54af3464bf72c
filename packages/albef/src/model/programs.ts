import type { Executor, Graph, ParameterStore, Program } from "@albef/core";
import type { OnProgress } from "../types.ts";

/** Compiled graphs by name; each name stands for one shape. */
export interface ProgramCache {
  get(name: string, build: () => Graph, onProgress?: OnProgress): Promise<Program>;
  /** Anything else that is opened once, under a name of its own, and closed with the programs. */
  keep<T extends Disposable>(name: string, open: () => Promise<T>): Promise<T>;
  dispose(): void;
}

export function programCache(executor: Executor, store: ParameterStore | readonly ParameterStore[]): ProgramCache {
  const kept = new Map<string, Promise<Disposable>>();
  const keep = <T extends Disposable>(name: string, open: () => Promise<T>): Promise<T> => {
    const known = kept.get(name);
    if (known) return known as Promise<T>; // a name stands for one kind of thing
    const opened = open();
    kept.set(name, opened);
    opened.catch(() => kept.delete(name)); // the next call tries again
    return opened;
  };
  return {
    keep,
    get: (name, build, onProgress) =>
      keep(name, async () => {
        onProgress?.({ phase: "compile", file: name, loaded: 0, total: 1 });
        const program = await executor.compile(build(), store);
        onProgress?.({ phase: "compile", file: name, loaded: 1, total: 1 });
        return program;
      }),
    dispose() {
      for (const opened of kept.values()) {
        opened.then(
          (held) => held[Symbol.dispose](),
          () => undefined, // its caller has seen the failure
        );
      }
      kept.clear();
    },
  };
}
