import type { Executor, Graph, ParameterStore, Program } from "@albef/core";
import type { OnProgress } from "../types.ts";

/** Compiled graphs by name; each name stands for one shape. */
export interface ProgramCache {
  get(name: string, build: () => Graph, onProgress?: OnProgress): Promise<Program>;
  dispose(): void;
}

export function programCache(executor: Executor, store: ParameterStore): ProgramCache {
  const programs = new Map<string, Promise<Program>>();
  return {
    get(name, build, onProgress) {
      const known = programs.get(name);
      if (known) return known;
      onProgress?.({ phase: "compile", file: name, loaded: 0, total: 1 });
      const program = executor.compile(build(), store);
      programs.set(name, program);
      program.then(
        () => onProgress?.({ phase: "compile", file: name, loaded: 1, total: 1 }),
        () => programs.delete(name), // the next call tries again
      );
      return program;
    },
    dispose() {
      for (const program of programs.values()) {
        program.then(
          (compiled) => compiled.dispose(),
          () => undefined, // its caller has seen the failure
        );
      }
      programs.clear();
    },
  };
}
