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
  /** What one buffer must hold; intermediates share larger ones where the device has them. */
  readonly largestBufferBytes: number;
  /** Bytes of `bytes` that intermediates take, and the most of them that are alive at once: no plan can need less. */
  readonly intermediateBytes: number;
  readonly aliveBytes: number;
}

/** What a graph will hold on a WebGPU device once it is compiled there; nothing is compiled. */
export async function programMemory(traced: Graph, { into = {} }: CompileOptions = {}): Promise<ProgramMemory> {
  const ops = await opsOf(traced);
  const graph = eliminateDeadCode(eliminateCommonSubexpressions(traced, ops), ops);
  const { own, arenas } = planPlacement(graph, ops, Object.keys(into));
  const buffers = [...own.map(({ bytes }) => bytes), ...arenas.arenaBytes];
  return {
    bytes: total(buffers),
    largestBufferBytes: Math.max(arenas.largestBytes, ...own.map(({ bytes }) => bytes)),
    intermediateBytes: total(arenas.arenaBytes),
    aliveBytes: arenas.lowerBoundBytes,
  };
}

function total(sizes: readonly number[]): number {
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}

/** What tensors will hold on a device once they are uploaded. */
export function uploadedBytes(specs: Iterable<TensorSpec>): number {
  let total = 0;
  for (const spec of specs) total += slotBytes(spec);
  return total;
}
