import { GraphError } from "../../errors.ts";
import type { DeviceTensor, KernelTime, Program, ProgramInputs, RunOptions } from "../../executor.ts";
import type { Attrs, Graph, Node, TensorData } from "../../graph/graph.ts";
import type { AnyOp, OpTable, TfjsCall, TfModule, TfTensor } from "../../op.ts";
import { tfjsRules } from "../../ops/tfjs-rules.ts";
import { eliminateCommonSubexpressions } from "../../passes/cse.ts";
import { eliminateDeadCode } from "../../passes/dce.ts";
import { expand } from "../../passes/expand.ts";
import { opOf } from "../../passes/rewrite.ts";
import { lastUses } from "../../plan/liveness.ts";
import { nodeCost } from "../../profile/costs.ts";
import { nodeShapes } from "../../profile/shapes.ts";
import type { TensorSpec } from "../../spec.ts";
import { expectInputs, isParts } from "../check-inputs.ts";
import { serialQueue } from "../serial-queue.ts";
import type { TfjsParameterStore } from "./parameters.ts";
import { readTensor, type TfjsTensor, toTensor } from "./tensor.ts";
import { cellsOf, overwrites, splitUpdates, withUpdates } from "./updates.ts";

interface TfjsProgramOptions {
  readonly tf: TfModule;
  readonly ops: OpTable;
  readonly graph: Graph;
  readonly stores: readonly TfjsParameterStore[];
  readonly into: Readonly<Record<string, string>>;
  wrap(spec: TensorSpec, tensor: TfTensor): TfjsTensor;
  /** The same of a tensor that outlives the program. */
  take(spec: TensorSpec, tensor: TfTensor): TfjsTensor;
  readonly kept: TfjsCall["kept"];
}

/** Backends whose calls return when the work is done; the others only queue it. */
const RUNS_AT_ONCE = ["wasm", "cpu"];

/** A graph as a list of tfjs calls; intermediates are disposed after their last use. */
export function compileTfjs({ tf, ops, graph: traced, stores, into, wrap, take, kept }: TfjsProgramOptions): Program {
  const hasRule = (op: AnyOp) => op.name in tfjsRules;
  const graph = eliminateDeadCode(
    eliminateCommonSubexpressions(expand(withUpdates(traced, ops), ops, hasRule), ops),
    ops,
  );
  const dying = lastUses(graph);
  const read = new Set([
    ...graph.nodes.flatMap(({ inputs }) => Object.values(inputs)),
    ...Object.values(graph.outputs),
  ]);
  const constants = new Map([...graph.constants].map(([id, data]) => [id, toTensor(tf, graph.values[id]!, data)]));
  const results = new Map<string, TfTensor>();
  const enqueue = serialQueue();
  const cells = cellsOf(graph, stores);
  const { plain, updates } = splitUpdates(graph);
  const overwritten = overwrites(graph, cells, into);

  const run = async (
    inputs: ProgramInputs,
    options: RunOptions,
    afterNode?: (node: Node, made: TfTensor[]) => Promise<void>,
  ) => {
    options.signal?.throwIfAborted();
    expectInputs(graph, inputs);
    const values = new Map(constants);
    for (const [name, id] of Object.entries(graph.parameters)) values.set(id, cells.get(name)!.get());
    const uploaded: TfTensor[] = [];
    for (const [name, id] of Object.entries(graph.inputs)) {
      const given = inputs[name]!;
      const isOwn = ArrayBuffer.isView(given) || isParts(given);
      const tensor = isOwn ? broughtIn(tf, graph.values[id]!, given) : (given as TfjsTensor).tensor;
      if (isOwn) uploaded.push(tensor);
      values.set(id, tensor);
    }
    for (const [index, node] of graph.nodes.entries()) {
      const made = runNode(node, values);
      if (afterNode) await afterNode(node, made);
      for (const id of dying[index]!) values.get(id)?.dispose();
      if (index % 64 === 63) options.signal?.throwIfAborted();
    }
    clearResults();
    for (const [name, id] of [...updates, ...overwritten]) cells.get(name)!.set(tf.clone(values.get(id)!));
    for (const [name, id] of plain) results.set(name, tf.clone(values.get(id)!));
    const produced = new Set(graph.nodes.flatMap((node) => node.outputs));
    for (const id of new Set(Object.values(graph.outputs))) {
      if (produced.has(id)) values.get(id)!.dispose();
    }
    for (const tensor of uploaded) tensor.dispose();
    const read: Record<string, TensorData> = {};
    for (const name of options.read ?? [...results.keys()].filter((name) => !(name in into)))
      read[name] = await output(name).read();
    return read;
  };

  const runNode = (node: Node, values: Map<number, TfTensor>) => {
    const op = opOf(ops, node);
    const operands = Object.fromEntries(Object.entries(node.inputs).map(([name, id]) => [name, values.get(id)!]));
    const specs = node.outputs.map((id) => graph.values[id]!);
    // tidy frees what a rule makes on the way; its results survive
    const needed = node.outputs.map((id) => read.has(id));
    const made = tf.tidy(() => applyRule(tf, op, [operands, node.attrs], { outputs: specs, needed, kept }));
    for (const [i, id] of node.outputs.entries()) if (made[i]) values.set(id, made[i]);
    return made.filter((tensor) => tensor !== undefined);
  };

  const rows = async (inputs: ProgramInputs, options: RunOptions) => {
    await run(inputs, { ...options, read: [] });
    const row = (index: number) => (name: string) => {
      const { dtype, shape } = output(name);
      const spec = { dtype, shape: [1, ...shape.slice(1)] };
      const begin = shape.map((_, axis) => (axis === 0 ? index : 0));
      return [name, take(spec, tf.slice(results.get(name)!, begin, spec.shape))] as const;
    };
    const count = output([...results.keys()][0]!).shape[0]!;
    return Array.from({ length: count }, (_, index) => Object.fromEntries([...results.keys()].map(row(index))));
  };

  const profile = async (inputs: ProgramInputs) => {
    await run(inputs, { read: [] });
    const times: KernelTime[] = [];
    const start = performance.now();
    let last = start;
    await run(inputs, { read: [] }, async (node, made) => {
      if (!RUNS_AT_ONCE.includes(tf.getBackend())) await Promise.all(made.map((tensor) => tensor.data()));
      const now = performance.now();
      times.push({
        ...nodeCost(node, graph, ops),
        shapes: nodeShapes(node, graph),
        startNs: (last - start) * 1e6,
        ns: (now - last) * 1e6,
        clock: "host",
      });
      last = performance.now();
    });
    return times;
  };

  const clearResults = () => {
    for (const tensor of results.values()) tensor.dispose();
    results.clear();
  };
  const output = (name: string): DeviceTensor => {
    const tensor = results.get(name);
    const id = graph.outputs[name];
    if (!tensor || id === undefined) throw new GraphError(`output ${name}: not there; run the program first`);
    return { ...wrap(graph.values[id]!, tensor), read: () => readTensor(graph.values[id]!, tensor) };
  };
  const dispose = () => {
    clearResults();
    for (const tensor of constants.values()) tensor.dispose();
    constants.clear();
  };
  return {
    graph: traced,
    dispatchCount: graph.nodes.length,
    run: (inputs, options = {}) => enqueue(() => run(inputs, options)),
    rows: (inputs, options = {}) => enqueue(() => rows(inputs, options)),
    profile: (inputs) => enqueue(() => profile(inputs)),
    output,
    dispose,
    [Symbol.dispose]: dispose,
  };
}

/** Data, or tensors one after another along axis 0, as one tensor. */
function broughtIn(tf: TfModule, spec: TensorSpec, given: TensorData | readonly DeviceTensor[]): TfTensor {
  if (ArrayBuffer.isView(given)) return toTensor(tf, spec, given);
  const parts = (given as readonly TfjsTensor[]).map(({ tensor }) => tensor);
  return parts.length === 1 ? tf.clone(parts[0]!) : tf.concat(parts);
}

function applyRule(
  tf: TfModule,
  op: AnyOp,
  [inputs, attrs]: readonly [Readonly<Record<string, TfTensor>>, Attrs],
  call: TfjsCall,
): (TfTensor | undefined)[] {
  const rule = tfjsRules[op.name];
  if (rule) return [...rule(tf, inputs, attrs, call)];
  if (op.kind === "fused" || !op.tfjs) throw new GraphError(`${op.name}: has no rule for tfjs`);
  return [...op.tfjs(tf, inputs, attrs, call.outputs)];
}
