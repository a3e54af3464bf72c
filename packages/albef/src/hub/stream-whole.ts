import { DownloadError } from "../errors.ts";
import { chunkPath, dropFile, readChunks, type Transferred } from "./entries.ts";
import type { Answer } from "./http.ts";
import type { Job } from "./job.ts";
import { validatorOf } from "./ranges.ts";
import { openWhole, retrying } from "./requests.ts";

/** A server that knows no ranges: from the start, in pieces as they come. */
export async function streamWhole(job: Job, opened: Answer): Promise<Transferred> {
  let answer: Answer | undefined = opened;
  const { count, validator } = await retrying(job, async () => {
    const current = answer ?? (await openWhole(job));
    answer = undefined;
    await dropFile(job);
    return { count: await storeStream(job, current), validator: validatorOf(current.headers) };
  });
  const blob = await readChunks(job.store, job.key, count);
  if (!blob) throw new DownloadError(`${job.url}: the cache lost pieces of it; try again`, { url: job.url });
  return { blob, chunks: count, validator };
}

async function storeStream(job: Job, answer: Answer): Promise<number> {
  const encoded = answer.headers.has("content-encoding"); // then the length is that of the compressed bytes
  const length = encoded ? null : Number(answer.headers.get("content-length") ?? Number.NaN);
  const total = job.expected?.size ?? (length !== null && Number.isFinite(length) ? length : null);
  const limit = job.expected?.size ?? Number.POSITIVE_INFINITY;
  let [loaded, count, filled] = [0, 0, 0];
  let buffer = new Uint8Array(job.tuning.chunkBytes);
  const flush = async () => {
    await job.store.put(chunkPath(job.key, count), buffer.slice(0, filled));
    job.arrival?.stored(job.tuning.chunkBytes, [count]);
    count++;
    buffer = new Uint8Array(job.tuning.chunkBytes);
    filled = 0;
  };
  for await (let piece of answer.body()) {
    loaded += piece.length;
    if (loaded > limit) break; // the check against the manifest reports it
    job.onProgress?.({ phase: "download", file: job.name, loaded, total });
    while (piece.length > 0) {
      const part = piece.subarray(0, buffer.length - filled);
      buffer.set(part, filled);
      filled += part.length;
      piece = piece.subarray(part.length);
      if (filled === buffer.length) await flush();
    }
  }
  if (filled > 0) await flush();
  if (length !== null && Number.isFinite(length) && loaded < length) {
    throw new DownloadError(`${job.url}: broke off after ${loaded} of ${length} bytes`, { url: job.url });
  }
  return count;
}
