import { GraphError } from "../../errors.ts";
import type { Graph } from "../../graph/graph.ts";
import { formatSpec } from "../../spec.ts";
import type { StoredParameter, WebGpuParameterStore } from "./parameters.ts";

/** The stored parameters, the graph's own checked: one error lists every fault. */
export function parametersOf(
  graph: Graph,
  stores: readonly WebGpuParameterStore[],
): ReadonlyMap<string, StoredParameter> {
  const entries = new Map([...stores].reverse().flatMap((store) => [...store.entries]));
  const faults = Object.entries(graph.parameters).flatMap(([name, id]) => {
    const expected = formatSpec(graph.values[id]!);
    const entry = entries.get(name);
    if (!entry) return [`${name} is missing, expected ${expected}`];
    return formatSpec(entry.spec) === expected ? [] : [`${name} is ${formatSpec(entry.spec)}, expected ${expected}`];
  });
  if (faults.length > 0) throw new GraphError(`compile: the parameters do not fit the graph\n  ${faults.join("\n  ")}`);
  return entries;
}

/** Which parameter each output of `into` is written over. */
export function overwritten(
  graph: Graph,
  parameters: ReadonlyMap<string, StoredParameter>,
  into: Readonly<Record<string, string>>,
): ReadonlyMap<string, StoredParameter> {
  return new Map(
    Object.entries(into).map(([output, name]) => {
      const id = graph.outputs[output];
      const parameter = parameters.get(name);
      if (id === undefined || !parameter) {
        throw new GraphError(`compile: into: ${id === undefined ? `no output ${output}` : `no parameter ${name}`}`);
      }
      const [given, wanted] = [formatSpec(graph.values[id]!), formatSpec(parameter.spec)];
      if (given !== wanted) throw new GraphError(`compile: output ${output} is ${given}, parameter ${name} ${wanted}`);
      return [output, parameter];
    }),
  );
}
