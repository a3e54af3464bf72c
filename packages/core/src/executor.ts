import type { Graph, TensorData } from "./graph/graph.ts";
import type { TensorSpec } from "./spec.ts";

/** A weight as it is loaded: f16 data are the raw halves in a Uint16Array. */
export interface NamedTensor extends TensorSpec {
  readonly name: string;
  readonly data: TensorData;
}

/** A value that lives on the executor's device. */
export interface DeviceTensor extends TensorSpec, Disposable {
  read(): Promise<TensorData>;
  dispose(): void;
}

/** Weights on a device, shared by the programs compiled with them. */
export interface ParameterStore extends Disposable {
  readonly specs: ReadonlyMap<string, TensorSpec>;
  readonly sizeBytes: number;
  read(name: string): Promise<TensorData>;
  /** Replaces the values of a parameter; the spec must be the same. */
  write(name: string, data: TensorData): void;
  dispose(): void;
}

export interface RunOptions {
  /** Outputs to bring to the CPU. Default: all. The others stay on the device, see `Program.output`. */
  readonly read?: readonly string[];
  readonly signal?: AbortSignal;
}

/** A compiled graph. Runs of one program are queued one after another. */
export interface Program extends Disposable {
  readonly graph: Graph;
  /** Dispatches of one run. */
  readonly dispatchCount: number;
  run(
    inputs: Readonly<Record<string, TensorData | DeviceTensor>>,
    options?: RunOptions,
  ): Promise<Record<string, TensorData>>;
  /** An output of the last run, on the device; valid until the next run. The program owns it. */
  output(name: string): DeviceTensor;
  dispose(): void;
}

export interface MemoryCount {
  readonly buffers: number;
  readonly bytes: number;
}

/** Runs graphs on one device. Precision is the graph's own (see `passes/precision`). */
export interface Executor extends Disposable {
  readonly kind: "webgpu" | "tfjs" | "f64";
  /** What it runs on, for people: adapter or backend name. */
  readonly description: string;
  readonly supportsF16: boolean;
  upload(tensors: Iterable<NamedTensor> | AsyncIterable<NamedTensor>): Promise<ParameterStore>;
  compile(graph: Graph, parameters?: ParameterStore): Promise<Program>;
  /** Copies data to the device. */
  tensor(spec: TensorSpec, data: TensorData): DeviceTensor;
  /** Buffers and bytes that the engine holds on the device now. */
  memory(): MemoryCount;
  dispose(): void;
}
