import { type Graph, type ParameterStore, sizeBytes, type WebGpuExecutor } from "@albef/core";

const VIEWS = ["reshape", "stopGradient"];
const ALIGNMENT = 256; // of places in a buffer that a dispatch binds

/** The most bytes of intermediates that are alive at once, where no result takes the place of an operand. */
export function livenessBound({ nodes, values, inputs, parameters, constants, outputs }: Graph): number {
  const roots = new Map<number, number>();
  const rootOf = (id: number) => roots.get(id) ?? id;
  for (const { op, inputs: operands, outputs: results } of nodes) {
    if (VIEWS.includes(op)) roots.set(results[0]!, rootOf(Object.values(operands)[0]!));
  }
  const outside = new Set([...Object.values(inputs), ...Object.values(parameters), ...constants.keys()]);
  for (const id of Object.values(outputs)) outside.add(rootOf(id));
  const lives = new Map<number, { from: number; to: number }>();
  for (const [at, { inputs: operands, outputs: results }] of nodes.entries()) {
    for (const id of [...results, ...Object.values(operands)].map(rootOf)) {
      if (!outside.has(id)) lives.set(id, { from: lives.get(id)?.from ?? at, to: at });
    }
  }
  const bytes = (id: number) => Math.ceil(sizeBytes(values[id]!) / ALIGNMENT) * ALIGNMENT;
  return nodes.reduce((most, _node, at) => {
    const alive = [...lives].filter(([, { from, to }]) => from <= at && at <= to);
    return Math.max(
      most,
      alive.reduce((sum, [id]) => sum + bytes(id), 0),
    );
  }, 0);
}

/** Bytes that the executor takes for the intermediates of a graph: what compiling adds, without inputs, outputs and constants. */
export async function plannedBytes(executor: WebGpuExecutor, graph: Graph, store: ParameterStore): Promise<number> {
  const before = executor.memory().bytes;
  using program = await executor.compile(graph, store);
  const own = [...Object.values(graph.inputs), ...graph.constants.keys(), ...new Set(Object.values(graph.outputs))];
  const sizes = own.reduce((sum, id) => sum + Math.max(16, sizeBytes(graph.values[id]!)), 0);
  return program.dispatchCount > 0 ? executor.memory().bytes - before - sizes : 0;
}
