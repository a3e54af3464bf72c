/** Blobs by path (`/` between segments). A put either lands whole or not at all. */
export interface BlobStore {
  readonly kind: "opfs" | "cache-api" | "disk" | "memory";
  /** Whether what is put is there in the next session. */
  readonly persistent: boolean;
  get(path: string): Promise<Blob | null>;
  /** Throws an error named QuotaExceededError where the space is used up. */
  put(path: string, data: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Removes a path and everything below it. */
  remove(path: string): Promise<void>;
  /** Everything below a path ("" for all), with full paths. */
  list(path: string): Promise<readonly { readonly path: string; readonly size: number }[]>;
}

export function memoryStore(): BlobStore {
  const blobs = new Map<string, Blob>();
  const below = (path: string) => [...blobs.keys()].filter((key) => isBelow(key, path));
  return {
    kind: "memory",
    persistent: false,
    get: async (path) => blobs.get(path) ?? null,
    put: async (path, data) => {
      blobs.set(path, new Blob([data]));
    },
    remove: async (path) => {
      for (const key of below(path)) blobs.delete(key);
    },
    list: async (path) => below(path).map((key) => ({ path: key, size: blobs.get(key)!.size })),
  };
}

export function isBelow(key: string, path: string): boolean {
  return path === "" || key === path || key.startsWith(`${path}/`);
}

export function isQuotaExceeded(error: unknown): boolean {
  const name = (error as { name?: unknown } | null)?.name;
  const code = (error as { code?: unknown } | null)?.code;
  return name === "QuotaExceededError" || code === "ENOSPC" || code === "EDQUOT";
}

export async function getJson(store: BlobStore, path: string): Promise<unknown> {
  const blob = await store.get(path);
  if (!blob) return null;
  try {
    return JSON.parse(await blob.text());
  } catch {
    return null; // half-written by a killed process: as good as absent
  }
}

export function putJson(store: BlobStore, path: string, value: unknown): Promise<void> {
  return store.put(path, new TextEncoder().encode(JSON.stringify(value)));
}
