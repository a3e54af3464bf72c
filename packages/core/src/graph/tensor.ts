import type { DType, Shape, TensorSpec } from "../spec.ts";
import type { Node, TensorData, ValueId } from "./graph.ts";

/** A graph while it is being traced. */
export interface Tape {
  readonly values: TensorSpec[];
  readonly nodes: Node[];
  readonly inputs: Record<string, ValueId>;
  readonly parameters: Record<string, ValueId>;
  readonly constants: Map<ValueId, TensorData>;
  /** Nodes whose results the backward computes again instead of keeping them. */
  readonly checkpoints: NodeRange[];
}

/** Nodes from `start` to before `end`. */
export interface NodeRange {
  readonly start: number;
  readonly end: number;
}

/** A symbolic tensor: the place of a value in the tape it belongs to. */
export interface Tensor extends TensorSpec {
  readonly tape: Tape;
  readonly id: ValueId;
  readonly dtype: DType;
  readonly shape: Shape;
}

export function tensorOf(tape: Tape, id: ValueId): Tensor {
  const spec = tape.values[id]!;
  return { tape, id, dtype: spec.dtype, shape: spec.shape };
}
