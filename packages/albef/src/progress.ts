/**
 * `download`, `read` (from the cache or a local file), `verify` (SHA-256), `store` (into the cache), `convert` (a .pth):
 * `loaded` and `total` are bytes of `file`. `upload`: bytes of weights. `compile`, `check`: programs. `index`: images.
 */
export type ProgressPhase =
  | "download"
  | "read"
  | "verify"
  | "store"
  | "convert"
  | "upload"
  | "compile"
  | "check"
  | "index";

export interface ProgressEvent {
  readonly phase: ProgressPhase;
  /** File, program or image that is worked on. */
  readonly file: string;
  readonly loaded: number;
  /** Null where a server does not tell. */
  readonly total: number | null;
  /** Something the user should know, such as that the cache is not usable here. */
  readonly note?: string;
}

export type OnProgress = (event: ProgressEvent) => void;

export interface ProgressOptions {
  readonly onProgress?: OnProgress | undefined;
  /** Ends the work with the signal's reason; nothing half-written stays. */
  readonly signal?: AbortSignal | undefined;
}
