import type { ModelSink } from "albef/convert";

/** Keeps the files of a converted model in memory, for a server. */
export function memorySink(files: Map<string, Uint8Array>): ModelSink {
  return {
    label: "memory",
    async write(name, chunks) {
      const parts: Uint8Array[] = [];
      for await (const chunk of chunks) parts.push(chunk.slice());
      files.set(name, new Uint8Array(Buffer.concat(parts)));
    },
    commit: async () => undefined,
    abort: async () => files.clear(),
  };
}
