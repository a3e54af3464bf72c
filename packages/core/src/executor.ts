import type { Graph, TensorData } from "./graph/graph.ts";
import type { NodeCost } from "./profile/costs.ts";
import type { Shape, TensorSpec } from "./spec.ts";

export interface NamedSpec extends TensorSpec {
  readonly name: string;
}

/** A weight as it is loaded: f16 data are the raw halves in a Uint16Array. */
export interface NamedTensor extends NamedSpec {
  readonly data: TensorData;
}

/** A value that lives on the executor's device. */
export interface DeviceTensor extends TensorSpec, Disposable {
  read(): Promise<TensorData>;
  dispose(): void;
}

/** A tensor's place in an arena. */
export interface ArenaSlot {
  readonly name: string;
  readonly shape: Shape;
  /** In values of the arena; a multiple of 64. */
  readonly offset: number;
}

/** Parameters side by side in one flat f32 parameter [elements], so that one dispatch updates them all. */
export interface Arena {
  /** The flat parameter's own name. */
  readonly name: string;
  readonly elements: number;
  readonly slots: readonly ArenaSlot[];
}

export interface UploadOptions {
  /** Gives the arenas names, `<flat>.0`, `<flat>.1`, ..., by which graphs take them whole. All tensors must be f32. */
  readonly flat?: string;
}

export interface CompileOptions {
  /** Outputs (by name) that a run writes over parameters (by name) of the same spec, instead of giving them back. */
  readonly into?: Readonly<Record<string, string>>;
}

/** Weights on a device, shared by the programs compiled with them. */
export interface ParameterStore extends Disposable {
  readonly specs: ReadonlyMap<string, TensorSpec>;
  /** The flat parameters; none unless uploaded with a name for them. Equal tensors give equal arenas. */
  readonly arenas: readonly Arena[];
  readonly sizeBytes: number;
  read(name: string): Promise<TensorData>;
  /** Replaces the values of a parameter; the spec must be the same. */
  write(name: string, data: TensorData): void;
  dispose(): void;
}

export interface RunOptions {
  /** Outputs to bring to the CPU. Default: all that are not written over parameters. The others stay on the device, see `Program.output`. */
  readonly read?: readonly string[];
  readonly signal?: AbortSignal;
}

/** One kernel of a profiled run. */
export interface KernelTime extends NodeCost {
  /** Operands and results, such as `x f32[257,192], weight f32[768,192] -> f32[257,768]`. */
  readonly shapes: string;
  /** Since the first kernel began. */
  readonly startNs: number;
  readonly ns: number;
  /** `device`: its timestamps. `host`: the clock around the kernel and the wait for it, which counts the way there and back. */
  readonly clock: "device" | "host";
}

/** What a program is run on: data, a tensor on the device, or several that lie one after another along axis 0. */
export type ProgramInputs = Readonly<Record<string, TensorData | DeviceTensor | readonly DeviceTensor[]>>;

/** A compiled graph. Runs of one program are queued one after another. */
export interface Program extends Disposable {
  readonly graph: Graph;
  /** Dispatches of one run. */
  readonly dispatchCount: number;
  run(inputs: ProgramInputs, options?: RunOptions): Promise<Record<string, TensorData>>;
  /**
   * Runs and gives the outputs row by row along axis 0, each as a tensor [1, ...] of its own that stays on the device until
   * the caller disposes it.
   */
  rows(inputs: ProgramInputs, options?: Pick<RunOptions, "signal">): Promise<Record<string, DeviceTensor>[]>;
  /** Runs twice, the second time kernel by kernel with a clock on each. What works in place takes effect twice. */
  profile(inputs: ProgramInputs): Promise<readonly KernelTime[]>;
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
  /** The largest buffer that the device makes or binds; absent where there is no such limit. */
  readonly maxBufferBytes?: number;
  /** Places for parameters whose values come later, by `write`: programs can be compiled meanwhile. */
  reserve(parameters: Iterable<NamedSpec>): Promise<ParameterStore>;
  upload(tensors: Iterable<NamedTensor> | AsyncIterable<NamedTensor>, options?: UploadOptions): Promise<ParameterStore>;
  /** Where several stores hold a name, the first counts. Ops that work in place change the parameters for good. */
  compile(
    graph: Graph,
    parameters?: ParameterStore | readonly ParameterStore[],
    options?: CompileOptions,
  ): Promise<Program>;
  /** Copies data to the device. */
  tensor(spec: TensorSpec, data: TensorData): DeviceTensor;
  /** Buffers and bytes that the engine holds on the device now. */
  memory(): MemoryCount;
  dispose(): void;
}
