import { graphCosts } from "@albef/core";
import type { Costed } from "../report/table.ts";
import { createWorkload } from "../workloads/index.ts";
import type { Measured } from "./measure.ts";

/** Adds FLOPs and bytes of each workload. */
export async function withCosts(rows: readonly Measured[]): Promise<Costed[]> {
  const known = new Map<string, { flops: number; bytes: number }>();
  const costed: Costed[] = [];
  for (const row of rows) {
    const key = JSON.stringify(row.workload);
    if (!known.has(key)) {
      const costs = await graphCosts(createWorkload(row.workload).graph);
      const sum = (name: "flops" | "bytes") => costs.reduce((total, cost) => total + cost[name], 0);
      known.set(key, { flops: sum("flops"), bytes: sum("bytes") });
    }
    costed.push({ ...row, ...known.get(key)! });
  }
  return costed;
}
