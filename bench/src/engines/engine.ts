import type { Workload } from "../workloads/workload.ts";

export type Values = Readonly<Record<string, ArrayLike<number>>>;

export interface Checked {
  /** The graph's outputs: of a training step `loss` and `grad.<name>`. */
  readonly outputs: Values;
  /** Weights after one training step. */
  readonly updated?: Values;
}

/** A workload that is loaded and compiled. */
export interface Prepared {
  /** Makes the engine current, where engines share a library that knows only one backend at a time. Not timed. */
  activate?(): Promise<void>;
  /** One forward with its outputs on the CPU, or one training step with its loss. */
  run(): Promise<void>;
  /** The same once, with everything that can be compared. */
  check(): Promise<Checked>;
  dispose(): void;
}

export interface Engine {
  readonly name: string;
  readonly version: string;
  readonly device: "webgpu" | "wasm";
  /** Adapter or backend, for people. */
  readonly description: string;
  readonly trains: boolean;
  /** Stores weights as f16. */
  readonly half?: boolean;
  /** Largest difference from the reference, in parts of the reference's norm, that is held for right. */
  readonly tolerance: number;
  prepare(workload: Workload): Promise<Prepared>;
  dispose(): void;
}

/** torch.optim.AdamW as ALBEF uses it; every engine takes the same step. */
export const ADAMW = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.02 } as const;

export const F32_TOLERANCE = 2e-4;

export interface PeerLibrary {
  readonly name: string;
  readonly version: string;
  readonly trains: boolean;
  /** Makes a backend current, where it knows only one at a time. */
  activate(): Promise<void>;
  forward(workload: Workload): Prepared;
  /** `trains`: the parameters that learn. */
  training(workload: Workload, trains: readonly string[]): Prepared;
}

/** A library of others on one of its backends; it holds nothing but what it has prepared. */
export function peerEngine(
  device: "webgpu" | "wasm",
  { name, version, trains, activate, forward, training }: PeerLibrary,
): Engine {
  return {
    ...{ name: `${name} ${device}`, description: `${name} ${device}`, version, device, trains },
    tolerance: F32_TOLERANCE,
    async prepare(workload) {
      await activate();
      return { ...(workload.trains ? training(workload, workload.trains) : forward(workload)), activate };
    },
    dispose: () => undefined,
  };
}
