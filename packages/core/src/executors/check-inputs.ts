import { DTypeError, GraphError } from "../errors.ts";
import type { DeviceTensor, ProgramInputs } from "../executor.ts";
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
export function expectInputs(graph: Graph, given: ProgramInputs): void {
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
    else {
      const got = isParts(value) ? value.map(formatSpec).join(" + ") : formatSpec(value);
      const fits = isParts(value) ? areRowsOf(value, spec) : got === formatSpec(spec);
      if (!fits) throw new GraphError(`run: input ${name} must be ${formatSpec(spec)}, got ${got}`);
    }
  }
}

/** Whether an input is given as tensors that lie one after another along axis 0. */
export function isParts(value: ProgramInputs[string]): value is readonly DeviceTensor[] {
  return Array.isArray(value);
}

function areRowsOf(parts: readonly DeviceTensor[], { dtype, shape }: TensorSpec): boolean {
  const rows = parts.reduce((sum, part) => sum + (part.shape[0] ?? 0), 0);
  const rest = shape.slice(1).join();
  return rows === shape[0] && parts.every((part) => part.dtype === dtype && part.shape.slice(1).join() === rest);
}

function describe(value: unknown): string {
  return value === null || typeof value !== "object" ? String(value) : value.constructor.name;
}
