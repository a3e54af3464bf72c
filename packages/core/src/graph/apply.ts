import { GraphError } from "../errors.ts";
import type { FusedOp, Operands, Primitive } from "../op.ts";
import type { Attrs, ValueId } from "./graph.ts";
import { type Tape, type Tensor, tensorOf } from "./tensor.ts";

/** Adds a node: the one way to compute. Shape errors surface here, at the line of the caller. */
export function apply<K extends string, O extends string, A>(
  op: Primitive<K, O, A> | FusedOp<K, O, A>,
  inputs: Operands<K, O, Tensor>,
  attrs: A,
): Tensor[] {
  const operands = inputs as Readonly<Record<string, Tensor | undefined>>;
  const ids: Record<string, ValueId> = {};
  let tape: Tape | undefined;
  for (const name of [...op.inputs, ...(op.optional ?? [])]) {
    const tensor = operands[name];
    if (!tensor) continue;
    tape ??= tensor.tape;
    if (tensor.tape !== tape) throw new GraphError(`${op.name}: ${name} belongs to another graph`);
    ids[name] = tensor.id;
  }
  const missing = op.inputs.filter((name) => !(name in ids));
  if (!tape || missing.length > 0) throw new GraphError(`${op.name}: ${missing.join(", ")} not given`);
  const outputs = op.infer(inputs, attrs).map((spec) => pushValue(tape, spec));
  tape.nodes.push({ op: op.name, inputs: ids, attrs: attrs as Attrs, outputs });
  return outputs.map((id) => tensorOf(tape, id));
}

function pushValue(tape: Tape, spec: { dtype: Tensor["dtype"]; shape: Tensor["shape"] }): ValueId {
  tape.values.push({ dtype: spec.dtype, shape: [...spec.shape] });
  return tape.values.length - 1;
}
