import { isNode } from "../platform.ts";
import type { CachePreference } from "../types.ts";
import { type BlobStore, memoryStore } from "./blob-store.ts";
import { opfsStore } from "./opfs-store.ts";

export interface OpenedStore {
  readonly store: BlobStore;
  /** Set where the cache does not outlive the page. */
  readonly note?: string;
}

const NO_CACHE = "no persistent cache works here (private window or insecure page): kept in memory for this session";

/** The cache that was asked for, or the first that works. Throws where a named one does not. */
export async function openStore(preference: CachePreference = "auto"): Promise<OpenedStore> {
  if (preference === "memory" || preference === "none") return { store: memoryStore() };
  if (preference === "opfs" || preference === "cache-api") {
    const store = await (preference === "opfs" ? opfsStore() : cacheStore());
    if (!store) throw new Error(`cache: ${preference} does not work here; use "auto"`);
    return { store };
  }
  const store = (await opfsStore()) ?? (await cacheStore()) ?? (await nodeStore());
  return store ? { store } : { store: memoryStore(), note: NO_CACHE };
}

/** Where there is no private file system. */
async function cacheStore(): Promise<BlobStore | null> {
  return (await import("../seldom.ts")).cacheApiStore();
}

/** The folder that Node keeps models in; null in a browser, which does not load the code for it. */
export async function nodeStore(): Promise<BlobStore | null> {
  return isNode() ? (await import("./disk-store.ts")).diskStore() : null;
}

/** What `store` does not take, because it is full or may not be written, is kept in memory for this session; told once. */
export function withMemory(store: BlobStore, onRefused?: (error: unknown) => void): BlobStore {
  const overflow = memoryStore();
  let told = false;
  return {
    kind: store.kind,
    persistent: store.persistent,
    get: async (path) => (await overflow.get(path)) ?? store.get(path),
    put: async (path, data) => {
      try {
        await store.put(path, data);
      } catch (error) {
        if (!told) onRefused?.(error);
        told = true;
        await overflow.put(path, data);
      }
    },
    remove: async (path) => {
      await overflow.remove(path);
      await store.remove(path);
    },
    list: async (path) => [...(await overflow.list(path)), ...(await store.list(path))],
  };
}
