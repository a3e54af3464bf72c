import { DownloadError } from "../errors.ts";

export interface HttpOptions {
  readonly signal?: AbortSignal | undefined;
  /** Silence after which a connection counts as broken. */
  readonly stallMs: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The body piece by piece. Throws where the connection breaks or falls silent. */
  body(): AsyncGenerator<Uint8Array<ArrayBuffer>>;
  /** Ends the connection. */
  close(): void;
}

/** One request. Throws DownloadError without a status where no answer comes, the signal's reason after an abort. */
export async function request(url: string, init: RequestInit, { signal, stallMs }: HttpOptions): Promise<Answer> {
  signal?.throwIfAborted();
  const connection = new AbortController();
  const onAbort = () => connection.abort(signal?.reason);
  signal?.addEventListener("abort", onAbort);
  const close = () => {
    signal?.removeEventListener("abort", onAbort);
    connection.abort();
  };
  const watch = watchdog(stallMs, () => connection.abort(new Error(`no data for ${stallMs / 1000} s`)));
  try {
    const response = await fetch(url, { ...init, signal: connection.signal });
    return { status: response.status, headers: response.headers, body: () => readBody(response), close };
  } catch (cause) {
    throw failure(cause);
  } finally {
    watch.stop();
  }

  function failure(cause: unknown): unknown {
    close();
    if (signal?.aborted) return signal.reason;
    return new DownloadError(`${url}: no answer (${describe(cause)}); is the network up and the address right?`, {
      url,
      cause,
    });
  }

  async function* readBody(response: Response): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const reader = response.body?.getReader();
    const guard = watchdog(stallMs, () => connection.abort(new Error(`no data for ${stallMs / 1000} s`)));
    try {
      while (reader) {
        guard.reset();
        const { done, value } = await reader.read();
        if (done) return;
        yield value as Uint8Array<ArrayBuffer>;
      }
    } catch (cause) {
      throw failure(cause);
    } finally {
      guard.stop();
      close();
    }
  }
}

/** Worth another try: the connection broke, or the server says it is busy. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof DownloadError)) return false;
  return error.status === undefined || error.status === 408 || error.status === 429 || error.status >= 500;
}

/** Waits, or throws the signal's reason. */
export function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, milliseconds);
    if (signal?.aborted) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
  });
}

function watchdog(milliseconds: number, onSilence: () => void) {
  let timer = setTimeout(onSilence, milliseconds);
  return {
    reset() {
      clearTimeout(timer);
      timer = setTimeout(onSilence, milliseconds);
    },
    stop: () => clearTimeout(timer),
  };
}

function describe(cause: unknown): string {
  const error = cause as Error & { cause?: { message?: string } };
  return error?.cause?.message ?? error?.message ?? String(cause);
}
