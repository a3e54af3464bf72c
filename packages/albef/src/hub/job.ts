import type { OnProgress } from "../types.ts";
import type { Arrival } from "./arrival.ts";
import type { BlobStore } from "./blob-store.ts";
import type { ManifestFile } from "./manifest.ts";

export interface Tuning {
  readonly chunkBytes: number;
  /** Connections at a time. */
  readonly parallel: number;
  /** Tries of one piece after the first. */
  readonly retries: number;
  /** Before the first retry; doubles with each. */
  readonly retryDelayMs: number;
  readonly stallMs: number;
}

export const DEFAULT_TUNING: Tuning = {
  chunkBytes: 8 << 20,
  parallel: 4,
  retries: 4,
  retryDelayMs: 500,
  stallMs: 30_000,
};

/** Runs work when there is a connection free for it. */
export type Turn = <T>(work: () => Promise<T>) => Promise<T>;

/** Turns for `count` at a time, first come first served. */
export function turns(count: number): Turn {
  let free = count;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free--;
    else await new Promise<void>((go) => waiting.push(go));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}

export interface Job {
  readonly url: string;
  /** File name. */
  readonly name: string;
  /** Where the store keeps it. */
  readonly key: string;
  readonly store: BlobStore;
  readonly expected?: ManifestFile | undefined;
  readonly tuning: Tuning;
  /** Shared by all files of a model, so that pieces in memory are few. */
  readonly turn: Turn;
  /** Hears of the pieces, where the file is read while it comes. */
  readonly arrival?: Arrival | undefined;
  readonly onProgress?: OnProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}
