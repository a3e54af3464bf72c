import { byteSource } from "@albef/core";
import { IntegrityError, ModelSourceError } from "../errors.ts";
import { withLock } from "../platform.ts";
import { isQuotaExceeded } from "./blob-store.ts";
import { dropFile, readEntry, writeEntry } from "./entries.ts";
import type { Job } from "./job.ts";
import { ChangedOnServer } from "./requests.ts";
import { transfer } from "./transfer.ts";
import { expectHash, expectPlausible, sha256Of } from "./verify.ts";

const FRESH_STARTS = 3;

/**
 * The file at `url`, kept in the store; null where the server has none (404). What an earlier call left unfinished is
 * taken up again; a file that fails its hash is fetched once more. Throws DownloadError, IntegrityError, QuotaError, or
 * the signal's reason.
 */
export function download(job: Job): Promise<Blob | null> {
  return withLock(`albef:${job.key}`, job.signal, async () => {
    const meanwhile = await readEntry(job.store, job.key); // another tab may have fetched it while this one waited
    if (meanwhile && meanwhile.entry.sha256 === job.expected?.sha256) {
      job.arrival?.whole(meanwhile.blob);
      return meanwhile.blob;
    }
    try {
      const blob = await fetchOnce(job).catch((error) => {
        if (error instanceof IntegrityError) return fetchOnce(job);
        throw error;
      });
      if (blob) job.arrival?.whole(blob);
      return blob;
    } catch (error) {
      if (!isQuotaExceeded(error)) throw error;
      const { quotaError } = await import("../seldom.ts");
      throw await quotaError(job);
    }
  });
}

async function fetchOnce(job: Job): Promise<Blob | null> {
  const early = job.arrival && sha256Of(job.arrival.source, job);
  early?.catch(() => undefined); // then it is computed of the whole file
  const done = await transferUnlessChanging(job);
  if (!done) return null;
  const { blob, validator, chunks } = done;
  try {
    await expectPlausible(blob, job.name, job.url);
    const hashed = () => sha256Of(byteSource(blob, job.name), job);
    const sha256 = blob.size === job.arrival?.source.size ? await early!.catch(hashed) : await hashed();
    if (job.expected) expectHash(job.name, { size: blob.size, sha256 }, job.expected);
    await writeEntry(job.store, job.key, { url: job.url, size: blob.size, chunks, sha256, validator });
    return blob;
  } catch (error) {
    if (!job.signal?.aborted) await dropFile(job);
    throw error;
  }
}

async function transferUnlessChanging(job: Job) {
  for (let start = 0; start < FRESH_STARTS; start++) {
    try {
      return await transfer(job);
    } catch (error) {
      if (!(error instanceof ChangedOnServer)) throw error;
      await dropFile(job);
    }
  }
  throw new ModelSourceError(`${job.url}: changed on the server during the download, ${FRESH_STARTS} times; try later`);
}
