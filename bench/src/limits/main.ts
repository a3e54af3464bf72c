// Prints the least time of ALBEF-base's kernels on three kinds of GPU: npm run bench -- limits
import { graphCosts, type NodeCost } from "@albef/core";
import { table } from "../report/table.ts";
import { crossAttentionGraph, vitGraph } from "../workloads/forward.ts";
import { configOf } from "../workloads/sizes.ts";
import { vitTrainingGraph } from "../workloads/training.ts";
import type { Shape } from "../workloads/workload.ts";

interface GpuKind {
  readonly name: string;
  /** f32 arithmetic and memory as their makers state them. */
  readonly flopsPerSecond: number;
  readonly bytesPerSecond: number;
}

const KINDS: readonly GpuKind[] = [
  { name: "integrated (2.1 TFLOP/s, 68 GB/s)", flopsPerSecond: 2.1e12, bytesPerSecond: 68e9 },
  { name: "Apple (3.6 TFLOP/s, 100 GB/s)", flopsPerSecond: 3.6e12, bytesPerSecond: 100e9 },
  { name: "discrete (12.7 TFLOP/s, 360 GB/s)", flopsPerSecond: 12.7e12, bytesPerSecond: 360e9 },
];

/** The slower of arithmetic and memory, in microseconds, with which of them it is. */
export function limitOf({ flops, bytes }: Pick<NodeCost, "flops" | "bytes">, kind: GpuKind) {
  const [compute, memory] = [flops / kind.flopsPerSecond, bytes / kind.bytesPerSecond];
  return { us: 1e6 * Math.max(compute, memory), by: compute > memory ? "arithmetic" : "memory" } as const;
}

interface Row extends Pick<NodeCost, "op" | "flops" | "bytes"> {
  readonly count: number;
}

/** Equal kernels in one row. */
function rowsOf(costs: readonly NodeCost[]): Row[] {
  const rows = new Map<string, Row>();
  for (const { op, flops, bytes } of costs) {
    const key = `${op} ${flops} ${bytes}`;
    rows.set(key, { op, flops, bytes, count: (rows.get(key)?.count ?? 0) + 1 });
  }
  return [...rows.values()];
}

async function print(title: string, costs: readonly NodeCost[]): Promise<void> {
  const rows = rowsOf(costs).filter(({ flops, count }) => flops * count > 1e6);
  const cells = (row: Row) => [
    row.op,
    String(row.count),
    (row.flops / 1e6).toFixed(1),
    (row.bytes / 1e6).toFixed(2),
    (row.flops / row.bytes).toFixed(1),
    ...KINDS.map((kind) => {
      const { us, by } = limitOf(row, kind);
      return `${us.toFixed(0)} µs, ${by}`;
    }),
  ];
  const headings = ["kernel", "times", "MFLOP", "MB", "FLOP/B", ...KINDS.map(({ name }) => name)];
  const total = KINDS.map((kind) => costs.reduce((sum, cost) => sum + limitOf(cost, kind).us, 0) / 1000);
  console.log(`### ${title}\n\n${table(headings, rows.map(cells))}\n`);
  console.log(
    `In all at least ${KINDS.map(({ name }, i) => `${total[i]!.toFixed(2)} ms on ${name.split(" ")[0]}`).join(", ")}.\n`,
  );
}

const shape: Shape = { config: configOf("base", 256), batch: 1, length: 20 };
await print("ViT-B/16 forward, 257 tokens, f32", await graphCosts(vitGraph(shape)));
await print(
  "One layer of the multimodal encoder, 20 text tokens, 257 image tokens",
  await graphCosts(crossAttentionGraph(shape)),
);
await print("ViT-B/16 forward and backward", await graphCosts(vitTrainingGraph(shape).graph));
