import { DownloadError } from "../errors.ts";
import { chunkPath, type Partial, readChunks, readPartial, removeFile, writePartial } from "./entries.ts";
import type { Answer } from "./http.ts";
import type { Job } from "./job.ts";
import { type Chunk, chunksOf, parseContentRange, validatorOf } from "./ranges.ts";
import { ChangedOnServer, open, openWhole, retrying } from "./requests.ts";

export interface Transferred {
  readonly blob: Blob;
  readonly chunks: number;
  readonly validator: string;
}

/** Brings the pieces that are missing; null on 404. */
export async function transfer(job: Job): Promise<Transferred | null> {
  const known = await readPartial(job.store, job.key);
  const partial = known && known.total > 0 && known.chunkBytes > 0 ? known : null;
  const missing = partial ? await missingChunks(job, partial) : [];
  if (partial && missing.length === 0) return finish(job, partial);
  const first = missing[0] ?? { index: 0, begin: 0, end: job.tuning.chunkBytes };
  const opened = await retrying(job, () => open(job, first.begin, first.end, partial?.validator));
  if (opened === null) return null;
  if (opened.status === 200) return streamWhole(job, opened);
  const plan = await planFrom(job, opened, partial);
  if (!plan) {
    opened.close();
    return streamWhole(job, await openWhole(job));
  }
  await fetchAll(job, plan, { missing: partial ? missing : chunksOf(plan.total, plan.chunkBytes), opened });
  return finish(job, plan);
}

async function missingChunks(job: Job, partial: Partial): Promise<Chunk[]> {
  const sizes = new Map((await job.store.list(job.key)).map(({ path, size }) => [path, size]));
  return chunksOf(partial.total, partial.chunkBytes).filter(
    ({ index, begin, end }) => sizes.get(chunkPath(job.key, index)) !== end - begin,
  );
}

async function finish(job: Job, plan: Partial): Promise<Transferred> {
  const chunks = chunksOf(plan.total, plan.chunkBytes).length;
  const blob = await readChunks(job.store, job.key, chunks);
  if (blob?.size !== plan.total) throw new ChangedOnServer(job.url); // the cache lost pieces: from the start
  return { blob, chunks, validator: plan.validator };
}

/** Size and version from the first answer; null where CORS hides the size and no manifest tells it. */
async function planFrom(job: Job, opened: Answer, partial: Partial | null): Promise<Partial | null> {
  const total = parseContentRange(opened.headers.get("content-range"))?.total ?? job.expected?.size;
  if (total === undefined) return null;
  const validator = validatorOf(opened.headers);
  if (partial && (partial.total !== total || partial.validator !== validator)) {
    opened.close();
    throw new ChangedOnServer(job.url);
  }
  const plan = partial ?? { total, chunkBytes: job.tuning.chunkBytes, validator };
  if (!partial) await writePartial(job.store, job.key, plan);
  return plan;
}

interface Queue {
  readonly missing: readonly Chunk[];
  readonly opened: Answer;
}

async function fetchAll(job: Job, plan: Partial, { missing, opened }: Queue): Promise<void> {
  let loaded = plan.total - missing.reduce((sum, chunk) => sum + chunk.end - chunk.begin, 0);
  const onBytes = (count: number) => {
    loaded += count;
    job.onProgress?.({ phase: "download", file: job.name, loaded, total: plan.total });
  };
  const stop = new AbortController();
  const signal = job.signal ? AbortSignal.any([job.signal, stop.signal]) : stop.signal;
  const queue = [...missing];
  let answer: Answer | undefined = opened;
  const worker = async () => {
    for (let chunk = queue.shift(); chunk; chunk = queue.shift()) {
      const ready = answer;
      answer = undefined;
      const bytes = await fetchChunk({ ...job, signal }, plan, { chunk, ready, onBytes });
      await job.store.put(chunkPath(job.key, chunk.index), bytes);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(job.tuning.parallel, queue.length) }, worker));
  } catch (error) {
    stop.abort(error);
    throw error;
  }
}

interface Piece {
  readonly chunk: Chunk;
  /** The answer of the first request, already open. */
  readonly ready: Answer | undefined;
  readonly onBytes: (count: number) => void;
}

/** One piece; a broken connection is taken up where it broke. */
async function fetchChunk(job: Job, plan: Partial, { chunk, ready, onBytes }: Piece): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(chunk.end - chunk.begin);
  let filled = 0;
  let answer = ready;
  await retrying(job, async () => {
    const from = chunk.begin + filled;
    const opened = answer ?? (await open(job, from, chunk.end, plan.validator));
    answer = undefined;
    if (opened?.status !== 206 || validatorOf(opened.headers) !== plan.validator) {
      opened?.close();
      throw new ChangedOnServer(job.url);
    }
    for await (const piece of opened.body()) {
      const room = piece.subarray(0, bytes.length - filled); // the first answer may be longer than the last piece
      bytes.set(room, filled);
      filled += room.length;
      onBytes(room.length);
      if (filled === bytes.length) break;
    }
    if (filled < bytes.length) {
      throw new DownloadError(`${job.url}: broke off after ${chunk.begin + filled} of ${plan.total} bytes`, {
        url: job.url,
      });
    }
  });
  return bytes;
}

/** A server that knows no ranges: from the start, in pieces as they come. */
async function streamWhole(job: Job, opened: Answer): Promise<Transferred> {
  let answer: Answer | undefined = opened;
  const { count, validator } = await retrying(job, async () => {
    const current = answer ?? (await openWhole(job));
    answer = undefined;
    await removeFile(job.store, job.key);
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
    await job.store.put(chunkPath(job.key, count++), buffer.slice(0, filled));
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
