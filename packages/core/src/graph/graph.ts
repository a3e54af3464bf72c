import type { TensorSpec } from "../spec.ts";

/** Index into `Graph.values`. */
export type ValueId = number;

/** Fixed attributes of a node: plain data, part of the kernel text. */
export type Attrs = Readonly<Record<string, unknown>>;

export interface Node {
  readonly op: string;
  /** Value of each operand, by the op's input names, in the op's order; absent optional operands are left out. */
  readonly inputs: Readonly<Record<string, ValueId>>;
  readonly attrs: Attrs;
  readonly outputs: readonly ValueId[];
}

export type TensorData = Float32Array | Int32Array | Uint32Array | Uint16Array;

/** A traced computation: plain data, free of any device. Nodes are in an order in which they can run. */
export interface Graph {
  readonly values: readonly TensorSpec[];
  readonly nodes: readonly Node[];
  /** Given at every run. */
  readonly inputs: Readonly<Record<string, ValueId>>;
  /** Held by the executor under these names (official checkpoint keys in ALBEF). */
  readonly parameters: Readonly<Record<string, ValueId>>;
  readonly constants: ReadonlyMap<ValueId, TensorData>;
  readonly outputs: Readonly<Record<string, ValueId>>;
}
