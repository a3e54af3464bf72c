import type { KernelTime } from "@albef/core";

export interface ProfileOptions {
  /** Pictures, texts and pairs at a time. Default: 1. */
  readonly batch?: number | undefined;
  /** Tokens of a text. Default: 16. */
  readonly length?: number | undefined;
  /** Runs whose mean is told: clocks of devices are coarse beside short kernels. Default: 5. */
  readonly repeats?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ProfiledKernel extends KernelTime {
  /** Which part of the model: the two encoders, what the multimodal one makes of images alone, or it with the ITM head. */
  readonly part: "image" | "text" | "keys" | "match";
  /**
   * The least time that work and bytes allow on this device over the time taken: 1 cannot be done better. Absent where the
   * clock saw no time pass.
   */
  readonly rooflineShare: number | undefined;
}

export interface OpTotal {
  readonly op: string;
  /** Kernels. */
  readonly count: number;
  readonly ns: number;
  readonly flops: number;
  readonly bytes: number;
}

/** Where the time of a model goes on a device. */
export interface ModelProfile {
  readonly device: string;
  /** What the device reaches on two probes, a large matrix product and a pass over memory. */
  readonly peak: { readonly flopsPerSecond: number; readonly bytesPerSecond: number };
  /** In the order in which they run. */
  readonly kernels: readonly ProfiledKernel[];
  /** Longest first. */
  readonly byOp: readonly OpTotal[];
  /** All kernels in the trace event format, which ui.perfetto.dev and chrome://tracing open. */
  traceFile(): Blob;
}
