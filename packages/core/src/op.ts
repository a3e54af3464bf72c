import type { PrimitiveSet } from "./graph/primitive-set.ts";
import type { Tensor } from "./graph/tensor.ts";
import type { Product } from "./product-spec.ts";
import type { Workgroups } from "./shape.ts";
import type { TensorSpec } from "./spec.ts";
import type { Wgsl } from "./wgsl.ts";

/** Operands by name: those of `K` always, those of `O` where given. */
export type Operands<K extends string, O extends string, T> = { readonly [P in K]: T } & { readonly [P in O]?: T };

/** What a kernel may know of the adapter it is written for. */
export interface AdapterFacts {
  /** Runs on a CPU (SwiftShader, lavapipe): register tiles win, barriers cost. */
  readonly isCpu: boolean;
  readonly shaderF16: boolean;
  readonly subgroups: boolean;
  readonly subgroupMinSize: number;
  readonly subgroupMaxSize: number;
  readonly maxWorkgroupsPerDimension: number;
  readonly maxWorkgroupStorageBytes: number;
  readonly maxInvocationsPerWorkgroup: number;
  /** Present where `isCpu`. */
  readonly cpu?: CpuKernels;
  /** What was measured to be fastest here; where nothing was, the first candidate is taken. */
  readonly choices?: KernelChoices;
}

/** Kernels of CPU adapters only: pages that have a GPU do not load them. */
export interface CpuKernels {
  product(product: Product, adapter: AdapterFacts): Candidates;
}

/** Kernels that compute the same, by name; the default first. */
export type Candidates = Readonly<Record<string, () => Kernel>>;

/** Names of candidates by the class of work that they do. */
export type KernelChoices = Readonly<Record<string, string>>;

/** One dispatch. Bindings: present inputs in the op's order, then outputs that have a place of their own. */
export interface Kernel {
  readonly source: Wgsl;
  readonly workgroups: Workgroups;
  /** Where several kernels compute the same: the class of the work and the candidates' names, the default first. */
  readonly choice?: { readonly work: string; readonly names: readonly string[] };
}

export interface KernelSpecs<K extends string, O extends string> {
  readonly inputs: Operands<K, O, TensorSpec>;
  readonly outputs: readonly TensorSpec[];
  /** The operand whose place output 0 takes: bound once, read_write, under the operand's name. */
  readonly overwritten?: string;
}

/** What an op's vjp is given: operands, results, and one cotangent per output (null where nothing depends on it). */
export interface Cotangents<K extends string, O extends string> {
  readonly inputs: Operands<K, O, Tensor>;
  readonly outputs: readonly Tensor[];
  readonly grads: readonly (Tensor | null)[];
}

/** One gradient per operand; null says that none flows. */
export type InputGrads<K extends string, O extends string> = { readonly [P in K | O]: Tensor | null };

/** The gradients of the operands as graph nodes. */
export type Vjp<K extends string, O extends string = never, A = object> = (
  p: PrimitiveSet,
  cotangents: Cotangents<K, O>,
  attrs: A,
) => InputGrads<K, O>;

export interface OpBase<K extends string, O extends string, A> {
  readonly name: string;
  readonly inputs: readonly K[];
  readonly optional?: readonly O[];
  /** Operands that output i overwrites, i being the index here, as far as there are outputs: AdamW, queue writes. */
  readonly inPlace?: readonly (K | O)[];
  /** Operands of which output 0 may take the place, where nothing reads them later: element i is read, then written. */
  readonly overwrites?: readonly (K | O)[];
  /** The output is the first operand's storage under another shape; there is no kernel. */
  readonly view?: boolean;
  /** Never merged with an equal node: it has an effect. */
  readonly effect?: boolean;
  /** Specs of the outputs, or an error that names the operand at fault. */
  infer(inputs: Operands<K, O, TensorSpec>, attrs: A): readonly TensorSpec[];
  lower?(specs: KernelSpecs<K, O>, attrs: A, adapter: AdapterFacts): Kernel;
  /** Estimated floating-point operations; the default is one per output element. */
  flops?(specs: KernelSpecs<K, O>, attrs: A): number;
}

/** Dense values on the CPU in double precision; integers are held exactly. */
export interface F64Array {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** The tfjs-core module, handed in so that it is never bundled with the engine. */
export type TfModule = typeof import("@tensorflow/tfjs-core");
export type TfTensor = import("@tensorflow/tfjs-core").Tensor;

/** What the tfjs executor tells a rule beside its operands. */
export interface TfjsCall {
  readonly outputs: readonly TensorSpec[];
  /** Which results anything reads; a rule may leave the others out. */
  readonly needed: readonly boolean[];
  /** What `make` derives from a weight: made once and kept with it, until the weight changes. Of other tensors: made anew. */
  kept(source: TfTensor, role: string, make: () => TfTensor): TfTensor;
}

export type TfjsRule<K extends string, O extends string = never, A = object> = (
  tf: TfModule,
  inputs: Operands<K, O, TfTensor>,
  attrs: A,
  call: TfjsCall,
) => readonly (TfTensor | undefined)[];

/** An op that stands for itself: it has a rule on every executor. */
export interface Primitive<K extends string = string, O extends string = never, A = object> extends OpBase<K, O, A> {
  readonly kind: "primitive";
  /** The rule in double precision: the data of each output. Absent: in `ops/f64-rules.ts`, which only the oracle loads. */
  f64?(inputs: Operands<K, O, F64Array>, attrs: A, outputs: readonly TensorSpec[]): readonly Float64Array[];
  /** Absent: in `ops/tfjs-rules.ts`, which only the tfjs executor loads. */
  tfjs?(tf: TfModule, inputs: Operands<K, O, TfTensor>, attrs: A, outputs: readonly TensorSpec[]): readonly TfTensor[];
  /** `later`: in `ops/vjps.ts`, with an op that pages which never train do not load. */
  readonly vjp: Vjp<K, O, A> | "later";
}

/** An op with its own kernel whose meaning is its definition in primitives: the oracle and the fallback. */
export interface FusedOp<K extends string = string, O extends string = never, A = object> extends OpBase<K, O, A> {
  readonly kind: "fused";
  define(p: PrimitiveSet, inputs: Operands<K, O, Tensor>, attrs: A): readonly Tensor[];
  /** Absent: gradients flow through the definition. */
  readonly vjp?: Vjp<K, O, A>;
}

// biome-ignore lint/suspicious/noExplicitAny: a table of ops forgets their operand names; `apply` has checked them.
export type AnyOp = Primitive<any, any, any> | FusedOp<any, any, any>;

export type OpTable = Readonly<Record<string, AnyOp>>;

export function definePrimitive<K extends string, O extends string = never, A = object>(
  op: Omit<Primitive<K, O, A>, "kind">,
): Primitive<K, O, A> {
  return { kind: "primitive", ...op };
}

export function defineFused<K extends string, O extends string = never, A = object>(
  op: Omit<FusedOp<K, O, A>, "kind">,
): FusedOp<K, O, A> {
  return { kind: "fused", ...op };
}
