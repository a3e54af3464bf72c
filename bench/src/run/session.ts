import type { WorkloadRequest } from "../workloads/index.ts";
import type { Measured } from "./measure.ts";

/** What a page or a process is asked to measure. */
export interface SessionRequest {
  readonly workloads: readonly WorkloadRequest[];
  /** Names of engines; those that do not start are left out. */
  readonly engines: readonly string[];
  readonly repeats: number;
  readonly limitMs: number;
}

export interface SessionReport {
  /** WebGPU adapter, as the engine under test sees it. */
  readonly adapter: string;
  /** Whether threads may share memory. */
  readonly isolated: boolean;
  readonly threads: number;
  readonly rows: readonly Measured[];
}
