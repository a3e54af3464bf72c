import { DownloadError } from "../errors.ts";
import { chunkPath, type Partial, readChunks, readPartial, type Transferred, writePartial } from "./entries.ts";
import type { Answer } from "./http.ts";
import type { Job } from "./job.ts";
import { type Chunk, chunksOf, parseContentRange, validatorOf } from "./ranges.ts";
import { ChangedOnServer, open, openWhole, retrying } from "./requests.ts";
import { streamWhole } from "./stream-whole.ts";

/** Brings the pieces that are missing; null on 404. */
export async function transfer(job: Job): Promise<Transferred | null> {
  const known = await readPartial(job.store, job.key);
  const partial = known && known.total > 0 && known.chunkBytes > 0 ? known : null;
  const missing = partial ? await missingChunks(job, partial) : [];
  if (partial && missing.length === 0) return finish(job, partial);
  const begun = await job.turn(() => begin(job, partial, missing));
  if (begun === null || "blob" in begun) return begun;
  await fetchAll(job, begun);
  return finish(job, begun.plan);
}

/** The pieces that are still missing, of a file whose size is known. */
interface Rest {
  readonly plan: Partial;
  readonly missing: readonly Chunk[];
  readonly onBytes: (count: number) => void;
}

/** The first answer tells what the server can do; its piece is the first. A server without ranges sends all at once. */
async function begin(job: Job, partial: Partial | null, gaps: readonly Chunk[]): Promise<Transferred | Rest | null> {
  const asked = gaps[0] ?? { index: 0, begin: 0, end: job.tuning.chunkBytes };
  const opened = await retrying(job, () => open(job, asked.begin, asked.end, partial?.validator));
  if (opened === null) return null;
  if (opened.status === 200) return streamWhole(job, opened);
  const plan = await planFrom(job, opened, partial);
  if (!plan) {
    opened.close();
    return streamWhole(job, await openWhole(job));
  }
  const all = chunksOf(plan.total, plan.chunkBytes);
  const missing = partial ? gaps : all;
  const isMissing = new Set(missing.map(({ index }) => index));
  job.arrival?.stored(
    plan.chunkBytes,
    all.map(({ index }) => index).filter((index) => !isMissing.has(index)),
  );
  let loaded = plan.total - missing.reduce((sum, chunk) => sum + chunk.end - chunk.begin, 0);
  const onBytes = (count: number) => {
    loaded += count;
    job.onProgress?.({ phase: "download", file: job.name, loaded, total: plan.total });
  };
  const [chunk, ...rest] = missing;
  if (chunk) await bringChunk(job, plan, { chunk, ready: opened, onBytes });
  return { plan, missing: rest, onBytes };
}

async function bringChunk(job: Job, plan: Partial, piece: Piece): Promise<void> {
  const { index } = piece.chunk;
  await job.store.put(chunkPath(job.key, index), await fetchChunk(job, plan, piece));
  job.arrival?.stored(plan.chunkBytes, [index]);
}

async function missingChunks(job: Job, partial: Partial): Promise<Chunk[]> {
  const sizes = new Map((await job.store.list(job.key)).map(({ path, size }) => [path, size]));
  return chunksOf(partial.total, partial.chunkBytes).filter(
    ({ index, begin, end }) => sizes.get(chunkPath(job.key, index)) !== end - begin,
  );
}

async function finish(job: Job, plan: Partial): Promise<Transferred> {
  const chunks = chunksOf(plan.total, plan.chunkBytes).length;
  job.arrival?.stored(plan.chunkBytes, Array.from({ length: chunks }).keys());
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

async function fetchAll(job: Job, { plan, missing, onBytes }: Rest): Promise<void> {
  const stop = new AbortController();
  const signal = job.signal ? AbortSignal.any([job.signal, stop.signal]) : stop.signal;
  const queue = [...missing];
  const worker = async () => {
    for (let chunk = queue.shift(); chunk; chunk = queue.shift()) {
      const piece = { chunk, ready: undefined, onBytes };
      await job.turn(() => bringChunk({ ...job, signal }, plan, piece));
    }
  };
  const workers = Array.from({ length: Math.min(job.tuning.parallel, queue.length) }, worker);
  try {
    await Promise.all(workers);
  } catch (error) {
    stop.abort(error);
    await Promise.allSettled(workers); // nothing is written any more to what is removed now
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
