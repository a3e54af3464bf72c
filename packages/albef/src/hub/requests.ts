import { DownloadError } from "../errors.ts";
import { isNode } from "../platform.ts";
import { type Answer, isPassing, pause, request } from "./http.ts";
import type { Job } from "./job.ts";

/** The file is another one than when its first piece came. */
export class ChangedOnServer extends Error {
  override readonly name = "ChangedOnServer";
}

/**
 * Asks for the bytes [begin, end): 206 with them, or 200 with the whole file where the server knows no ranges; null on
 * 404. Throws ChangedOnServer where the file got shorter, DownloadError for any other answer.
 */
export async function open(job: Job, begin: number, end: number, validator?: string): Promise<Answer | null> {
  const headers: Record<string, string> = { range: `bytes=${begin}-${end - 1}` };
  const etag = validator?.split("|")[0];
  // Across origins If-Range would cost a preflight that many servers refuse; the answer's validator is compared anyway.
  if (etag && !etag.startsWith("W/") && isSameOrigin(job.url)) headers["if-range"] = etag;
  const answer = await send(job, headers);
  if (answer.status === 200 || answer.status === 206) return answer;
  answer.close();
  if (answer.status === 404 || answer.status === 410) return null;
  if (answer.status === 416 && begin > 0) throw new ChangedOnServer(job.url);
  throw refused(job.url, answer.status);
}

/** The whole file in one answer. */
export async function openWhole(job: Job): Promise<Answer> {
  const answer = await send(job, {});
  if (answer.status === 200) return answer;
  answer.close();
  throw refused(job.url, answer.status);
}

/** Tries again after failures that may pass, with growing pauses. */
export async function retrying<T>(job: Job, work: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error) || attempt === job.tuning.retries) throw error;
      await pause(job.tuning.retryDelayMs * 2 ** attempt, job.signal);
    }
  }
}

export function refused(url: string, status: number): DownloadError {
  const remedy = status === 401 || status === 403 ? "the file is not public" : "check the address, or try later";
  return new DownloadError(`${url}: the server answered ${status}; ${remedy}`, { url, status });
}

function send(job: Job, headers: Record<string, string>): Promise<Answer> {
  // Browsers ask for ranges uncompressed and let no page set this header; Node does not.
  const plain: Record<string, string> = isNode() ? { "accept-encoding": "identity" } : {};
  const { signal, tuning } = job;
  return request(job.url, { headers: { ...plain, ...headers } }, { signal, stallMs: tuning.stallMs });
}

function isSameOrigin(url: string): boolean {
  const origin = (globalThis as { location?: { origin?: string } }).location?.origin;
  return origin === undefined || new URL(url).origin === origin;
}
