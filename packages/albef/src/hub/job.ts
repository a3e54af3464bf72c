import type { OnProgress } from "../types.ts";
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

export interface Job {
  readonly url: string;
  /** File name. */
  readonly name: string;
  /** Where the store keeps it. */
  readonly key: string;
  readonly store: BlobStore;
  readonly expected?: ManifestFile | undefined;
  readonly tuning: Tuning;
  readonly onProgress?: OnProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}
