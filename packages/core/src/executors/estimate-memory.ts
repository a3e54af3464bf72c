import type { CompileOptions } from "../executor.ts";
import type { Graph } from "../graph/graph.ts";
import { opsOf } from "../ops/ops-of.ts";
import { eliminateCommonSubexpressions } from "../passes/cse.ts";
import { eliminateDeadCode } from "../passes/dce.ts";
import type { ArenaPlan } from "../plan/arenas.ts";
import { planPlacement } from "../plan/placement.ts";
import { formatSpec, type TensorSpec } from "../spec.ts";
import { slotBytes } from "./pack-arenas.ts";

export interface LargestPiece {
  readonly what: string;
  readonly bytes: number;
}

export interface ProgramMemory {
  /** All buffers of the program, beside its parameters. */
  readonly bytes: number;
  /** What takes the most in one piece, which a buffer must hold and a kernel bind; all else can be spread over buffers. */
  readonly largest: LargestPiece;
  /** Bytes of `bytes` that intermediates take, and the most of them that are alive at once: no plan can need less. */
  readonly intermediateBytes: number;
  readonly aliveBytes: number;
}

const NONE: LargestPiece = { what: "nothing", bytes: 0 };

/** The larger of two pieces; the first where they are equal. */
export function larger<T extends LargestPiece>(a: T, b: T): T {
  return b.bytes > a.bytes ? b : a;
}

/** What a graph will hold on a WebGPU device once it is compiled there; nothing is compiled. */
export async function programMemory(traced: Graph, { into = {} }: CompileOptions = {}): Promise<ProgramMemory> {
  const ops = await opsOf(traced);
  const graph = eliminateDeadCode(eliminateCommonSubexpressions(traced, ops), ops);
  const { own, arenas } = planPlacement(graph, ops, Object.keys(into));
  const buffers = [...own.map(({ bytes }) => bytes), ...arenas.arenaBytes];
  return {
    bytes: total(buffers),
    largest: [...own.map(({ label, bytes }) => ({ what: label, bytes })), ...placed(graph, arenas)].reduce(
      larger,
      NONE,
    ),
    intermediateBytes: total(arenas.arenaBytes),
    aliveBytes: arenas.lowerBoundBytes,
  };
}

/** The largest intermediate, by the op that computes it. */
function placed(graph: Graph, { largest }: ArenaPlan): LargestPiece[] {
  if (!largest) return [];
  const { root, bytes } = largest;
  const node = graph.nodes.find(({ outputs }) => outputs.includes(root))!;
  return [{ what: `${node.op} ${formatSpec(graph.values[root]!)}`, bytes }];
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
