import { ModelSourceError } from "../errors.ts";
import { isNode, nodeUrl } from "../platform.ts";
import type { CachePreference, ModelSource, ProgressOptions } from "../types.ts";
import { isQuotaExceeded } from "./blob-store.ts";
import { DEFAULT_TUNING, type Tuning } from "./job.ts";
import type { ModelFiles } from "./model-files.ts";
import { remoteFiles } from "./remote.ts";
import { openStore, withMemory } from "./store.ts";

export interface OpenOptions extends ProgressOptions {
  readonly cache?: CachePreference | undefined;
  readonly tuning?: Partial<Tuning> | undefined;
}

/** The files of a model source. Throws ModelSourceError where it is none. */
export async function openSource(source: ModelSource, options: OpenOptions = {}): Promise<ModelFiles> {
  const place = typeof source === "string" || source instanceof URL ? locate(String(source)) : source;
  if (place instanceof URL) return openRemote(place, options);
  const { openLocal } = await import("../seldom.ts"); // pages that load from an address have no use for it
  return openLocal(place);
}

/** `opfs:name`, a folder path (Node), or the address of a folder with a final slash. */
export function locate(source: string): URL | string {
  if (source.startsWith("opfs:")) return source;
  const scheme = source.match(/^([a-z][a-z0-9+.-]+):/i)?.[1]?.toLowerCase();
  if (isNode()) {
    if (scheme === "file") return nodeUrl()!.fileURLToPath(source);
    if (scheme !== "http" && scheme !== "https") return source;
  }
  const { href, origin, protocol } = globalThis.location ?? {};
  let url: URL;
  try {
    url = new URL(source, protocol === "blob:" ? origin : href); // a worker made from a blob has no usable address
  } catch (cause) {
    throw new ModelSourceError(`fromPretrained: ${JSON.stringify(source)} is no address`, { cause });
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new ModelSourceError(`fromPretrained: ${url.protocol} addresses are not read; give http, https or opfs:name`);
  }
  url.hash = "";
  url.search = "";
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

async function openRemote(base: URL, { cache, tuning, onProgress, signal }: OpenOptions): Promise<ModelFiles> {
  const opened = await openStore(cache);
  const tell = (note: string) => onProgress?.({ phase: "store", file: base.href, loaded: 0, total: null, note });
  if (opened.note) tell(opened.note);
  const isAuto = cache === undefined || cache === "auto";
  const store = isAuto
    ? withMemory(opened.store, (error) => tell(`${refusal(error)}: what is left is kept in memory for this session`))
    : opened.store;
  return remoteFiles(base, { store, tuning: { ...DEFAULT_TUNING, ...tuning }, onProgress, signal });
}

function refusal(error: unknown): string {
  return isQuotaExceeded(error) ? "the browser's storage is full" : `the cache cannot be written (${String(error)})`;
}
