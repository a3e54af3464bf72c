import type { CompileOptions } from "../executor.ts";
import type { Graph } from "../graph/graph.ts";
import { opsOf } from "../ops/ops-of.ts";
import { eliminateCommonSubexpressions } from "../passes/cse.ts";
import { eliminateDeadCode } from "../passes/dce.ts";
import { planPlacement } from "../plan/placement.ts";
import type { TensorSpec } from "../spec.ts";
import { slotBytes } from "./pack-arenas.ts";

export interface ProgramMemory {
  /** All buffers of the program, beside its parameters. */
  readonly bytes: number;
  readonly largestBufferBytes: number;
}

/** What a graph will hold on a WebGPU device once it is compiled there; nothing is compiled. */
export async function programMemory(traced: Graph, { into = {} }: CompileOptions = {}): Promise<ProgramMemory> {
  const ops = await opsOf(traced);
  const graph = eliminateDeadCode(eliminateCommonSubexpressions(traced, ops), ops);
  const { own, arenas } = planPlacement(graph, ops, Object.keys(into));
  const buffers = [...own.map(({ bytes }) => bytes), ...arenas.arenaBytes];
  return { bytes: buffers.reduce((total, bytes) => total + bytes, 0), largestBufferBytes: Math.max(0, ...buffers) };
}

/** What tensors will hold on a device once they are uploaded. */
export function uploadedBytes(specs: Iterable<TensorSpec>): number {
  let total = 0;
  for (const spec of specs) total += slotBytes(spec);
  return total;
}
