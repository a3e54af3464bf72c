import { DeviceError, GraphError } from "../../errors.ts";
import type { Graph, Node } from "../../graph/graph.ts";
import type { AdapterFacts, OpTable } from "../../op.ts";
import { opOf } from "../../passes/rewrite.ts";
import { type NodeCost, nodeCost, nodeSpecs } from "../../profile/costs.ts";
import { formatSpec, sizeBytes, type TensorSpec } from "../../spec.ts";
import type { PipelineCache } from "./pipelines.ts";

/** Where a binding's bytes are: a fixed buffer, or whatever is given for a graph input. */
export type Location =
  | { readonly kind: "buffer"; readonly buffer: GPUBuffer; readonly offset: number }
  | { readonly kind: "input"; readonly name: string };

export interface Binding {
  readonly location: Location;
  readonly sizeBytes: number;
}

/** One compiled dispatch. */
export interface Dispatch {
  readonly pipeline: GPUComputePipeline;
  readonly bindings: readonly Binding[];
  readonly workgroups: readonly [number, number, number];
  readonly node: Node;
  readonly cost: NodeCost;
  /** Names of graph inputs that it binds: only these can change between runs. */
  readonly inputNames: readonly string[];
}

export interface DispatchContext {
  readonly graph: Graph;
  readonly ops: OpTable;
  readonly facts: AdapterFacts;
  readonly pipelines: PipelineCache;
  readonly maxBindingBytes: number;
  /** Nodes whose first output takes the place of an operand. */
  readonly overwrites: ReadonlyMap<Node, string>;
  locate(id: number): Location;
}

/** Writes and compiles the kernel of a node. All pipelines of a program compile side by side. */
export async function compileDispatch(node: Node, context: DispatchContext): Promise<Dispatch> {
  const { graph, ops, facts, pipelines, locate } = context;
  const op = opOf(ops, node);
  if (!op.lower) throw new GraphError(`${op.name}: has no WebGPU kernel`);
  const overwritten = context.overwrites.get(node);
  const specs = { ...nodeSpecs(node, graph), ...(overwritten !== undefined && { overwritten }) };
  const kernel = op.lower(specs, node.attrs, facts);
  const inPlace = (i: number) => op.inPlace?.[i] !== undefined || (i === 0 && overwritten !== undefined);
  const outputs = node.outputs.filter((_, i) => !inPlace(i));
  const bindings = [...Object.values(node.inputs), ...outputs].map((id) => {
    const spec = graph.values[id]!;
    const bytes = Math.max(sizeBytes(spec), 16);
    expectBindable(op.name, spec, bytes, context.maxBindingBytes);
    return { location: locate(id), sizeBytes: bytes };
  });
  return {
    pipeline: await pipelines.get(op.name, kernel.source.text),
    bindings,
    workgroups: kernel.workgroups,
    node,
    cost: nodeCost(node, graph, ops),
    inputNames: bindings.flatMap(({ location }) => (location.kind === "input" ? [location.name] : [])),
  };
}

function expectBindable(op: string, spec: TensorSpec, bytes: number, limit: number): void {
  if (bytes <= limit) return;
  throw new DeviceError(
    `${op}: ${formatSpec(spec)} takes ${bytes} bytes, more than the ${limit} that this device binds at once; use a smaller batch`,
  );
}
