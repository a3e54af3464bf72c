import { type BlobStore, getJson, putJson } from "./blob-store.ts";
import type { Job } from "./job.ts";

/** A file that is whole. Its bytes lie in numbered pieces beside this record, which is written last. */
export interface Entry {
  readonly url: string;
  readonly size: number;
  readonly chunks: number;
  readonly sha256: string;
  readonly validator: string;
}

/** A file that has come, not yet checked. */
export interface Transferred {
  readonly blob: Blob;
  readonly chunks: number;
  readonly validator: string;
}

/** A file whose pieces are not all there yet. */
export interface Partial {
  readonly total: number;
  readonly chunkBytes: number;
  readonly validator: string;
}

const ENTRY = "entry.json";
const PARTIAL = "partial.json";

export const chunkPath = (key: string, index: number) => `${key}/${index}`;

export const removeFile = (store: BlobStore, key: string) => store.remove(key);

/** What there is of a file that has to come anew. */
export async function dropFile({ store, key, arrival }: Pick<Job, "store" | "key" | "arrival">): Promise<void> {
  arrival?.dropped();
  await removeFile(store, key);
}

export async function writeEntry(store: BlobStore, key: string, entry: Entry): Promise<void> {
  await putJson(store, `${key}/${ENTRY}`, entry);
  await store.remove(`${key}/${PARTIAL}`);
}

/** Null where the file is not whole, or pieces of it are gone. */
export async function readEntry(store: BlobStore, key: string): Promise<{ entry: Entry; blob: Blob } | null> {
  const entry = (await getJson(store, `${key}/${ENTRY}`)) as Entry | null;
  if (!entry) return null;
  const blob = await readChunks(store, key, entry.chunks);
  return blob?.size === entry.size ? { entry, blob } : null;
}

export async function readChunks(store: BlobStore, key: string, count: number): Promise<Blob | null> {
  const pieces = await Promise.all(Array.from({ length: count }, (_, index) => store.get(chunkPath(key, index))));
  return pieces.every((piece) => piece !== null) ? new Blob(pieces) : null;
}

export async function readPartial(store: BlobStore, key: string): Promise<Partial | null> {
  return (await getJson(store, `${key}/${PARTIAL}`)) as Partial | null;
}

export const writePartial = (store: BlobStore, key: string, partial: Partial) =>
  putJson(store, `${key}/${PARTIAL}`, partial);
