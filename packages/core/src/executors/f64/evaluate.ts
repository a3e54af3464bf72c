import { GraphError } from "../../errors.ts";
import type { Graph, TensorData } from "../../graph/graph.ts";
import { floatsFrom } from "../../half.ts";
import type { F64Array, Primitive } from "../../op.ts";
import { f64Rules } from "../../ops/f64-rules.ts";
import { opTable } from "../../ops/index.ts";
import { expand } from "../../passes/expand.ts";
import { opOf } from "../../passes/rewrite.ts";
import { elementCount, formatSpec, type TensorSpec } from "../../spec.ts";

export type F64Values = Readonly<Record<string, TensorData | Float64Array>>;

/** Runs a graph on the CPU in double precision, fused ops by their definitions: the oracle of the tests. */
export function evaluateF64(
  graph: Graph,
  { inputs = {}, parameters = {} }: { readonly inputs?: F64Values; readonly parameters?: F64Values },
): Record<string, F64Array> {
  const primitive = expand(graph, opTable);
  const values = new Map<number, F64Array>();
  const give = (kind: string, table: Readonly<Record<string, number>>, given: F64Values) => {
    for (const [name, id] of Object.entries(table)) {
      values.set(id, toF64(`${kind} ${name}`, primitive.values[id]!, given[name]));
    }
  };
  give("input", primitive.inputs, inputs);
  give("parameter", primitive.parameters, parameters);
  for (const [id, data] of primitive.constants) values.set(id, toF64("constant", primitive.values[id]!, data));
  for (const node of primitive.nodes) {
    const op = opOf(opTable, node) as Primitive<string>;
    const operands = Object.fromEntries(Object.entries(node.inputs).map(([name, id]) => [name, values.get(id)!]));
    const specs = node.outputs.map((id) => primitive.values[id]!);
    const rule = f64Rules[op.name] ?? op.f64;
    if (!rule) throw new GraphError(`${op.name}: has no rule in double precision`);
    const results = rule(operands, node.attrs, specs);
    for (const [i, id] of node.outputs.entries()) values.set(id, { shape: specs[i]!.shape, data: results[i]! });
  }
  return Object.fromEntries(Object.entries(primitive.outputs).map(([name, id]) => [name, values.get(id)!]));
}

function toF64(who: string, spec: TensorSpec, data: TensorData | Float64Array | undefined): F64Array {
  if (!data) throw new GraphError(`${who}: not given, expected ${formatSpec(spec)}`);
  if (data.length !== elementCount(spec.shape)) {
    throw new GraphError(`${who}: ${formatSpec(spec)} needs ${elementCount(spec.shape)} values, got ${data.length}`);
  }
  const numbers = spec.dtype === "f16" && data instanceof Uint16Array ? floatsFrom(data) : data;
  return { shape: spec.shape, data: Float64Array.from(numbers) };
}
