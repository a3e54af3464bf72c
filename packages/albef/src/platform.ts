/** Node's own modules, asked for at run time so that bundlers for browsers never see them; undefined in a browser. */
export function nodeFs(): typeof import("node:fs") | undefined {
  return isNode() ? process.getBuiltinModule("node:fs") : undefined;
}

export function nodePath(): typeof import("node:path") | undefined {
  return isNode() ? process.getBuiltinModule("node:path") : undefined;
}

export function nodeUrl(): typeof import("node:url") | undefined {
  return isNode() ? process.getBuiltinModule("node:url") : undefined;
}

export function nodeOs(): typeof import("node:os") | undefined {
  return isNode() ? process.getBuiltinModule("node:os") : undefined;
}

export function isNode(): boolean {
  return typeof process !== "undefined" && typeof process.getBuiltinModule === "function";
}

/** The root of the origin's private file system, or null where there is none (old browsers, insecure pages, Node). */
export async function opfsRoot(): Promise<FileSystemDirectoryHandle | null> {
  try {
    return (await globalThis.navigator?.storage?.getDirectory?.()) ?? null;
  } catch {
    return null; // refused: private mode, blocked cookies
  }
}

/** Runs `work` alone among all tabs that ask for `name`. */
export async function withLock<T>(name: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  const locks = globalThis.navigator?.locks;
  if (!locks) return work();
  return locks.request(name, signal ? { signal } : {}, work) as Promise<T>;
}
