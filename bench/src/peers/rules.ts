import type { Graph, Node, TensorSpec } from "@albef/core";

/** The attributes of the ops that the workloads use. */
export interface OpAttrs {
  readonly activation: "none" | "gelu" | "tanh" | "relu";
  readonly axes: readonly number[];
  readonly axis: number;
  readonly begin: readonly number[];
  readonly causal: boolean;
  readonly dtype: string;
  readonly eps: number;
  readonly headDim: number;
  readonly heads: number;
  readonly keyOffset: number;
  readonly maskValue: number;
  readonly patchSize: number;
  readonly permutation: readonly number[];
  readonly queryOffset: number;
  readonly scale: number;
  readonly shape: readonly number[];
  readonly shift: number;
  readonly size: readonly number[];
  readonly value: number;
  readonly valueOffset: number;
}

/** One node, as the rule of an engine sees it. */
export interface Call<T> {
  readonly inputs: Readonly<Record<string, T>>;
  readonly specs: Readonly<Record<string, TensorSpec>>;
  readonly output: TensorSpec;
  readonly attrs: OpAttrs;
  /** Operands whose matrix is stored [in, out], as dense layers of other libraries do, not [out, in]. */
  readonly swapped: ReadonlySet<string>;
}

/** How an engine computes each op: what one would write by hand in its API, at the level of layers. */
export type Rules<T> = Readonly<Record<string, (call: Call<T>) => T>>;

/** The nodes that the named outputs need; the others go. */
export function pruned(graph: Graph, names: readonly string[]): Graph {
  const outputs = Object.fromEntries(names.map((name) => [name, graph.outputs[name]!]));
  const needed = new Set<number>(Object.values(outputs));
  const kept: Node[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((id) => needed.has(id))) continue;
    kept.push(node);
    for (const id of Object.values(node.inputs)) needed.add(id);
  }
  const read = (table: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(table).filter(([, id]) => needed.has(id)));
  return {
    ...graph,
    nodes: kept.reverse(),
    inputs: read(graph.inputs),
    parameters: read(graph.parameters),
    constants: new Map([...graph.constants].filter(([id]) => needed.has(id))),
    outputs,
  };
}

/** Parameters that only linear layers read: engines that like them [in, out] store them so. */
export function denseKernels({ nodes, parameters }: Graph): ReadonlySet<string> {
  const other = new Set<number>();
  const dense = new Set<number>();
  for (const { op, inputs } of nodes) {
    for (const [operand, id] of Object.entries(inputs))
      (op === "linear" && operand === "weight" ? dense : other).add(id);
  }
  return new Set(Object.entries(parameters).flatMap(([name, id]) => (dense.has(id) && !other.has(id) ? [name] : [])));
}

/** A matrix [rows, columns] stored [columns, rows]. */
export function transposed(data: Float32Array, [rows, columns]: readonly number[]): Float32Array<ArrayBuffer> {
  const result = new Float32Array(data.length);
  for (let row = 0; row < rows!; row++) {
    for (let column = 0; column < columns!; column++) result[column * rows! + row] = data[row * columns! + column]!;
  }
  return result;
}

export interface Walk<T> {
  readonly rules: Rules<T>;
  /** Names of parameters stored [in, out]. */
  readonly kernels: ReadonlySet<string>;
  source(kind: "inputs" | "parameters", name: string): T;
  constant(id: number): T;
  /** The value for one use more, where the engine counts uses. Default: the value itself. */
  use?(value: T): T;
  /** No node reads the value any more. */
  drop?(value: T): void;
}

/** Computes the outputs of a graph by an engine's rules. */
export function interpret<T>(graph: Graph, walk: Walk<T>): Record<string, T> {
  const values = new Map<number, T>();
  const names = new Map(Object.entries(graph.parameters).map(([name, id]) => [id, name]));
  for (const [name, id] of Object.entries(graph.inputs)) values.set(id, walk.source("inputs", name));
  for (const [name, id] of Object.entries(graph.parameters)) values.set(id, walk.source("parameters", name));
  for (const id of graph.constants.keys()) values.set(id, walk.constant(id));
  const use = walk.use ?? ((value: T) => value);
  for (const node of graph.nodes) {
    const rule = walk.rules[node.op];
    if (!rule) throw new Error(`no rule for ${node.op}`);
    const entries = Object.entries(node.inputs);
    const result = rule({
      inputs: Object.fromEntries(entries.map(([operand, id]) => [operand, use(values.get(id)!)])),
      specs: Object.fromEntries(entries.map(([operand, id]) => [operand, graph.values[id]!])),
      output: graph.values[node.outputs[0]!]!,
      attrs: node.attrs as unknown as OpAttrs,
      swapped: new Set(entries.flatMap(([operand, id]) => (walk.kernels.has(names.get(id) ?? "") ? [operand] : []))),
    });
    values.set(node.outputs[0]!, result);
  }
  const outputs = Object.fromEntries(Object.entries(graph.outputs).map(([name, id]) => [name, use(values.get(id)!)]));
  for (const value of values.values()) walk.drop?.(value);
  return outputs;
}
