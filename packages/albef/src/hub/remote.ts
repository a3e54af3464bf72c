import { DownloadError, ModelSourceError } from "../errors.ts";
import { sha256 } from "../storage/sha256.ts";
import type { ProgressOptions } from "../types.ts";
import { arrival } from "./arrival.ts";
import { type BlobStore, putJson } from "./blob-store.ts";
import { download } from "./download.ts";
import { chunkPath, type Entry, readEntry, removeFile } from "./entries.ts";
import { request } from "./http.ts";
import { type Job, type Tuning, turns } from "./job.ts";
import { MANIFEST_NAME, type Manifest, type ManifestFile, parseManifest } from "./manifest.ts";
import { type ModelFiles, streamOf } from "./model-files.ts";
import { validatorOf } from "./ranges.ts";

export interface RemoteOptions extends ProgressOptions {
  readonly store: BlobStore;
  readonly tuning: Tuning;
}

/** The place of a model in the cache. */
export function modelKey(base: URL): string {
  return sha256().update(new TextEncoder().encode(base.href)).hex().slice(0, 32);
}

export const SOURCE_RECORD = "source.json";

/** Files below `base` (with a final slash), downloaded when asked for and then kept. Without a network, those kept. */
export async function remoteFiles(base: URL, options: RemoteOptions): Promise<ModelFiles> {
  const key = modelKey(base);
  // Only names the model in cachedModels(): a full store shows at the first file.
  await putJson(options.store, `${key}/${SOURCE_RECORD}`, { url: base.href }).catch(() => undefined);
  const turn = turns(options.tuning.parallel);
  const manifest = await findManifest(job(MANIFEST_NAME));
  const coming = new Map<string, Promise<Blob | null>>();
  const kept = async (asked: Job): Promise<Blob | null> => {
    const cached = await readEntry(options.store, asked.key);
    if (cached && (await isCurrent(asked, cached.entry))) return emitRead(asked, cached.blob);
    if (cached) await removeFile(options.store, asked.key);
    return null;
  };
  const open = async (name: string): Promise<Blob | null> => {
    if (manifest && !manifest.has(name)) return null;
    const asked = job(name, manifest?.get(name));
    return coming.get(name) ?? (await kept(asked)) ?? download(asked);
  };
  return {
    label: base.href,
    open,
    async stream(name) {
      const expected = manifest?.get(name);
      const asked = job(name, expected);
      const cached = expected && (await kept(asked));
      if (!expected || cached) return streamOf(cached || (await open(name)), name);
      const piece = (index: number) => options.store.get(chunkPath(asked.key, index));
      const arriving = arrival({ name, size: expected.size, piece });
      const downloaded = download({ ...asked, arrival: arriving }).then((blob) => {
        if (blob) return blob;
        throw new ModelSourceError(`${base.href}: has no ${name}, which its manifest lists`);
      });
      coming.set(name, downloaded);
      downloaded.catch((error: unknown) => {
        coming.delete(name);
        arriving.failed(error);
      });
      return { source: arriving.source, whole: downloaded };
    },
  };

  function job(name: string, expected?: ManifestFile): Job {
    const url = new URL(name, base).href;
    return { ...options, turn, url, name, key: `${key}/${name}`, expected };
  }
}

function emitRead(job: Job, blob: Blob): Blob {
  job.onProgress?.({ phase: "read", file: job.name, loaded: blob.size, total: blob.size });
  return blob;
}

/** The server's manifest; without a network the one kept; null where the model has none. */
async function findManifest(job: Job): Promise<Manifest | null> {
  try {
    const answer = await request(job.url, { cache: "no-cache" }, { signal: job.signal, stallMs: job.tuning.stallMs });
    const isPage = answer.headers.get("content-type")?.includes("text/html");
    if (answer.status !== 200 || isPage) {
      answer.close();
      if (answer.status >= 500) return keptManifest(job);
      await removeFile(job.store, job.key);
      return null;
    }
    const decoder = new TextDecoder();
    let text = "";
    for await (const piece of answer.body()) text += decoder.decode(piece, { stream: true });
    const manifest = parseManifest(text, job.url);
    await job.store.put(`${job.key}/text`, new TextEncoder().encode(text)).catch(() => undefined); // only for offline use
    return manifest;
  } catch (error) {
    if (!(error instanceof DownloadError)) throw error;
    return keptManifest(job);
  }
}

async function keptManifest(job: Job): Promise<Manifest | null> {
  const kept = await job.store.get(`${job.key}/text`);
  return kept && parseManifest(await kept.text(), job.url);
}

/** Whether the kept file is still the server's. Without a network it counts as such. */
async function isCurrent(job: Job, entry: Entry): Promise<boolean> {
  if (job.expected) return job.expected.sha256 === entry.sha256;
  try {
    const init = { method: "HEAD", cache: "no-cache" } as const;
    const { status, headers, close } = await request(job.url, init, {
      signal: job.signal,
      stallMs: job.tuning.stallMs,
    });
    close();
    if (status === 404 || status === 410) return false;
    return status !== 200 || validatorOf(headers) === entry.validator;
  } catch (error) {
    if (error instanceof DownloadError) return true;
    throw error;
  }
}
