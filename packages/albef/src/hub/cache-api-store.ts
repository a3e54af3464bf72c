import type { BlobStore } from "./blob-store.ts";
import { isBelow } from "./blob-store.ts";

const CACHE = "albef";
const ORIGIN = "https://albef.invalid/"; // a name for keys; never fetched

/** The Cache API; null where it does not work (insecure pages, Node). */
export async function cacheApiStore(): Promise<BlobStore | null> {
  if (typeof caches === "undefined") return null;
  const cache = await caches.open(CACHE).catch(() => null);
  if (!cache) return null;
  const paths = async () => (await cache.keys()).map((request) => decodeURI(request.url.slice(ORIGIN.length)));
  const get = async (path: string) => (await (await cache.match(ORIGIN + path))?.blob()) ?? null;
  return {
    kind: "cache-api",
    persistent: true,
    get,
    put: (path, data) => cache.put(ORIGIN + path, new Response(data)),
    remove: async (path) => {
      for (const key of await paths()) if (isBelow(key, path)) await cache.delete(ORIGIN + key);
    },
    list: async (path) => {
      const below = (await paths()).filter((key) => isBelow(key, path));
      return Promise.all(below.map(async (key) => ({ path: key, size: (await get(key))?.size ?? 0 })));
    },
  };
}
