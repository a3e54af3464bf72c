import { GraphError } from "../../errors.ts";
import type { Graph } from "../../graph/graph.ts";
import type { OpTable } from "../../op.ts";
import { opOf } from "../../passes/rewrite.ts";
import { formatSpec } from "../../spec.ts";
import type { Cell } from "./flat-arena.ts";
import type { TfjsParameterStore } from "./parameters.ts";

/** The parameters of a graph in its stores; one error lists every fault. */
export function cellsOf(graph: Graph, stores: readonly TfjsParameterStore[]): ReadonlyMap<string, Cell> {
  if (stores.some((store) => !("cells" in store))) {
    throw new GraphError("compile: the parameters were uploaded to another executor");
  }
  const specs = new Map([...stores].reverse().flatMap((store) => [...store.specs]));
  const faults = Object.entries(graph.parameters).flatMap(([name, id]) => {
    const expected = formatSpec(graph.values[id]!);
    const spec = specs.get(name);
    if (!spec) return [`${name} is missing, expected ${expected}`];
    return formatSpec(spec) === expected ? [] : [`${name} is ${formatSpec(spec)}, expected ${expected}`];
  });
  if (faults.length > 0) throw new GraphError(`compile: the parameters do not fit the graph\n  ${faults.join("\n  ")}`);
  return new Map([...stores].reverse().flatMap((store) => [...store.cells]));
}

const UPDATE = "update of ";

/**
 * The same graph with the final value of each parameter that ops work on in place as an output: tfjs tensors never
 * change, so the new value takes the parameter's place after the run.
 */
export function withUpdates(graph: Graph, ops: OpTable): Graph {
  const owner = new Map(Object.entries(graph.parameters).map(([name, id]) => [id, name]));
  const outputs = { ...graph.outputs };
  for (const node of graph.nodes) {
    for (const [i, operand] of (opOf(ops, node).inPlace ?? []).entries()) {
      const name = owner.get(node.inputs[operand]!);
      const id = node.outputs[i];
      if (name === undefined || id === undefined) continue;
      owner.set(id, name);
      outputs[UPDATE + name] = id;
    }
  }
  return { ...graph, outputs };
}

/** Splits the outputs of `withUpdates` into the caller's and the parameters' new values. */
export function splitUpdates({ outputs }: Graph) {
  const entries = Object.entries(outputs);
  return {
    plain: entries.filter(([name]) => !name.startsWith(UPDATE)),
    updates: entries
      .filter(([name]) => name.startsWith(UPDATE))
      .map(([name, id]) => [name.slice(UPDATE.length), id] as const),
  };
}

/** The output of `into` for each parameter. Throws GraphError where a name or a spec is wrong. */
export function overwrites(
  graph: Graph,
  cells: ReadonlyMap<string, Cell>,
  into: Readonly<Record<string, string>>,
): ReadonlyMap<string, number> {
  return new Map(
    Object.entries(into).map(([output, name]) => {
      const id = graph.outputs[output];
      if (id === undefined || !cells.has(name)) {
        throw new GraphError(`compile: into: ${id === undefined ? `no output ${output}` : `no parameter ${name}`}`);
      }
      const shape = cells.get(name)!.get().shape;
      if (shape.join() !== graph.values[id]!.shape.join()) {
        throw new GraphError(
          `compile: output ${output} is ${formatSpec(graph.values[id]!)}, parameter ${name} [${shape}]`,
        );
      }
      return [name, id];
    }),
  );
}
