import { DTypeError, GraphError } from "../errors.ts";
import type { DeviceTensor } from "../executor.ts";
import type { Graph, TensorData } from "../graph/graph.ts";
import { type DType, elementCount, formatSpec, type TensorSpec } from "../spec.ts";

const ARRAYS: Readonly<Record<DType, string>> = {
  f32: "Float32Array",
  f16: "Uint16Array",
  i32: "Int32Array",
  u32: "Uint32Array",
};

/** Throws unless `data` is the typed array that holds `spec`. */
export function expectData(who: string, spec: TensorSpec, data: TensorData): void {
  if (Object.prototype.toString.call(data) !== `[object ${ARRAYS[spec.dtype]}]`) {
    throw new DTypeError(`${who}: ${formatSpec(spec)} is held by a ${ARRAYS[spec.dtype]}, got ${describe(data)}`);
  }
  if (data.length !== elementCount(spec.shape)) {
    throw new GraphError(`${who}: ${formatSpec(spec)} needs ${elementCount(spec.shape)} values, got ${data.length}`);
  }
}

/** Throws unless every input of the graph is given, with its spec, and nothing else. */
export function expectInputs(graph: Graph, given: Readonly<Record<string, TensorData | DeviceTensor>>): void {
  const unknown = Object.keys(given).filter((name) => !(name in graph.inputs));
  if (unknown.length > 0) {
    throw new GraphError(
      `run: no input is called ${unknown.join(", ")}; inputs are ${Object.keys(graph.inputs).join(", ")}`,
    );
  }
  for (const [name, id] of Object.entries(graph.inputs)) {
    const spec = graph.values[id]!;
    const value = given[name];
    if (!value) throw new GraphError(`run: input ${name} not given, expected ${formatSpec(spec)}`);
    if (ArrayBuffer.isView(value)) expectData(`run: input ${name}`, spec, value);
    else if (formatSpec(value) !== formatSpec(spec)) {
      throw new GraphError(`run: input ${name} must be ${formatSpec(spec)}, got ${formatSpec(value)}`);
    }
  }
}

function describe(value: unknown): string {
  return value === null || typeof value !== "object" ? String(value) : value.constructor.name;
}
