import { IntegrityError, ModelSourceError } from "../errors.ts";
import { withLock } from "../platform.ts";
import { isQuotaExceeded } from "./blob-store.ts";
import { readEntry, removeFile, writeEntry } from "./entries.ts";
import type { Job } from "./job.ts";
import { quotaError } from "./quota.ts";
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
    if (meanwhile && meanwhile.entry.sha256 === job.expected?.sha256) return meanwhile.blob;
    try {
      return await fetchOnce(job).catch((error) => {
        if (error instanceof IntegrityError) return fetchOnce(job);
        throw error;
      });
    } catch (error) {
      throw isQuotaExceeded(error) ? await quotaError(job) : error;
    }
  });
}

async function fetchOnce(job: Job): Promise<Blob | null> {
  const done = await transferUnlessChanging(job);
  if (!done) return null;
  const { blob, validator, chunks } = done;
  try {
    await expectPlausible(blob, job.name, job.url);
    const sha256 = await sha256Of(blob, job.name, job);
    if (job.expected) expectHash(job.name, { size: blob.size, sha256 }, job.expected);
    await writeEntry(job.store, job.key, { url: job.url, size: blob.size, chunks, sha256, validator });
    return blob;
  } catch (error) {
    if (!job.signal?.aborted) await removeFile(job.store, job.key);
    throw error;
  }
}

async function transferUnlessChanging(job: Job) {
  for (let start = 0; start < FRESH_STARTS; start++) {
    try {
      return await transfer(job);
    } catch (error) {
      if (!(error instanceof ChangedOnServer)) throw error;
      await removeFile(job.store, job.key);
    }
  }
  throw new ModelSourceError(`${job.url}: changed on the server during the download, ${FRESH_STARTS} times; try later`);
}
