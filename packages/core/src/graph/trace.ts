import { GraphError } from "../errors.ts";
import { elementCount, formatSpec, type TensorSpec } from "../spec.ts";
import type { Graph, TensorData, ValueId } from "./graph.ts";
import { type Tape, type Tensor, tensorOf } from "./tensor.ts";

/** The sources of a graph, handed to the traced function. */
export interface Tracer {
  /** A value given at every run. */
  input(name: string, spec: TensorSpec): Tensor;
  /** A value held by the executor; asking twice for a name gives the same tensor (tied weights). */
  parameter(name: string, spec: TensorSpec): Tensor;
  constant(spec: TensorSpec, data: TensorData): Tensor;
}

/** Runs `model` once over symbolic tensors and returns what it did as data. */
export function trace(model: (tracer: Tracer) => Readonly<Record<string, Tensor>>): Graph {
  const tape: Tape = { values: [], nodes: [], inputs: {}, parameters: {}, constants: new Map(), checkpoints: [] };
  const outputs = model(tracerOf(tape));
  const ids: Record<string, ValueId> = {};
  for (const [name, tensor] of Object.entries(outputs)) {
    if (tensor.tape !== tape) throw new GraphError(`trace: output ${name} belongs to another graph`);
    ids[name] = tensor.id;
  }
  const { checkpoints: _onlyForGradients, ...graph } = tape;
  return { ...graph, outputs: ids };
}

export function tracerOf(tape: Tape): Tracer {
  const source = (spec: TensorSpec) => {
    tape.values.push({ dtype: spec.dtype, shape: [...spec.shape] });
    return tape.values.length - 1;
  };
  const named = (table: Record<string, ValueId>, kind: string) => (name: string, spec: TensorSpec) => {
    const known = table[name];
    if (known === undefined) {
      const id = source(spec);
      table[name] = id;
      return tensorOf(tape, id);
    }
    if (formatSpec(tape.values[known]!) !== formatSpec(spec)) {
      throw new GraphError(
        `${kind} ${name}: asked for as ${formatSpec(spec)}, earlier as ${formatSpec(tape.values[known]!)}`,
      );
    }
    return tensorOf(tape, known);
  };
  return {
    input: named(tape.inputs, "input"),
    parameter: named(tape.parameters, "parameter"),
    constant(spec, data) {
      if (data.length !== elementCount(spec.shape)) {
        throw new GraphError(
          `constant: ${formatSpec(spec)} needs ${elementCount(spec.shape)} values, got ${data.length}`,
        );
      }
      const id = source(spec);
      tape.constants.set(id, data);
      return tensorOf(tape, id);
    },
  };
}
