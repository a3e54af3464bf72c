import { opfsRoot } from "../platform.ts";
import { type BlobStore, getJson } from "./blob-store.ts";
import { cacheApiStore } from "./cache-api-store.ts";
import { keptModels } from "./local.ts";
import { locate } from "./open-source.ts";
import { opfsStore } from "./opfs-store.ts";
import { modelKey, SOURCE_RECORD } from "./remote.ts";
import { nodeStore } from "./store.ts";

export interface CachedModel {
  /** What `fromPretrained` takes. */
  readonly source: string;
  readonly sizeBytes: number;
}

/** Models kept in this browser (or on this disk), unfinished downloads included. */
export async function cachedModels(): Promise<CachedModel[]> {
  const models = await Promise.all((await stores()).map(modelsIn));
  return [...models.flat(), ...(await keptModelSizes())];
}

/** Removes one model by the source it was loaded from, or all downloaded and kept ones. */
export async function clearCache(source?: string | URL): Promise<void> {
  const text = source === undefined ? undefined : String(source);
  if (text === undefined || text.startsWith("opfs:")) await removeKept(text?.slice("opfs:".length));
  if (text?.startsWith("opfs:")) return;
  const place = text === undefined ? "" : locate(text);
  if (typeof place === "string" && text !== undefined) return; // a folder on disk is no cache
  for (const store of await stores()) await store.remove(typeof place === "string" ? "" : modelKey(place));
}

async function stores(): Promise<BlobStore[]> {
  const found = [await opfsStore(), await cacheApiStore(), await nodeStore()];
  return found.filter((store) => store !== null);
}

async function modelsIn(store: BlobStore): Promise<CachedModel[]> {
  const sizes = new Map<string, number>();
  for (const { path, size } of await store.list("")) {
    const key = path.split("/")[0]!;
    sizes.set(key, (sizes.get(key) ?? 0) + size);
  }
  const models = [...sizes].map(async ([key, sizeBytes]) => {
    const record = (await getJson(store, `${key}/${SOURCE_RECORD}`)) as { url?: string } | null;
    return { source: record?.url ?? key, sizeBytes };
  });
  return Promise.all(models);
}

async function keptModelSizes(): Promise<CachedModel[]> {
  if (!(await opfsRoot())) return [];
  const found: CachedModel[] = [];
  for await (const [name, handle] of (await keptModels()).entries()) {
    if (handle.kind !== "directory") continue;
    let sizeBytes = 0;
    for await (const file of (handle as FileSystemDirectoryHandle).values()) {
      if (file.kind === "file") sizeBytes += (await (file as FileSystemFileHandle).getFile()).size;
    }
    found.push({ source: `opfs:${name}`, sizeBytes });
  }
  return found;
}

async function removeKept(name: string | undefined): Promise<void> {
  if (!(await opfsRoot())) return;
  const folder = await keptModels();
  const names: string[] = [];
  for await (const key of folder.keys()) if (name === undefined || key === name) names.push(key);
  for (const key of names) await folder.removeEntry(key, { recursive: true });
}
