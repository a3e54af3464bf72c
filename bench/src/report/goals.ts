import type { WorkloadKind } from "../workloads/index.ts";
import { type Costed, ratioToOurs, table } from "./table.ts";

/** Facts that need no timing of peers. */
export interface Facts {
  /** Of one more ViT block. */
  readonly dispatchesPerBlock?: number;
  /** Host time of a replayed ViT-B forward on a device that computes nothing, ms. */
  readonly hostMs?: number;
  /** Planned bytes of intermediates over the most that live at once. */
  readonly memoryRatio?: number;
  /** Gzip, kB. */
  readonly bundleKb?: number;
}

interface Goal {
  readonly name: string;
  readonly wanted: string;
  readonly got: string;
  readonly reached: boolean | undefined;
}

/** The smallest ratio of all runs; each is taken within its run. */
function faster(
  runs: readonly (readonly Costed[])[],
  kind: WorkloadKind,
  [engine, wanted]: readonly [string, number],
): Goal {
  const ratios = runs.flatMap((rows) =>
    rows
      .filter((row) => row.workload.kind === kind && row.workload.size !== "tiny" && row.engine === engine)
      .flatMap(
        (row) =>
          ratioToOurs(
            row,
            rows.filter((other) => isSameWorkload(row, other)),
          ) ?? [],
      ),
  );
  const least = Math.min(...ratios);
  return {
    name: `${kind} against ${engine}`,
    wanted: `${wanted} x`,
    got: ratios.length > 0 ? `${least.toFixed(2)} x` : "not measured",
    reached: ratios.length > 0 ? least >= wanted : undefined,
  };
}

function isSameWorkload(a: Costed, b: Costed): boolean {
  return JSON.stringify(a.workload) === JSON.stringify(b.workload);
}

function atMost(name: string, wanted: number, [got, unit]: readonly [number | undefined, string]): Goal {
  return {
    name,
    wanted: `at most ${wanted}${unit}`,
    got: got === undefined ? "not measured" : `${Number(got.toFixed(3))}${unit}`,
    reached: got === undefined ? undefined : got <= wanted,
  };
}

/** The project's goals with what was measured, in one or several runs. */
export function goalsTable(runs: readonly (readonly Costed[])[], facts: Facts): string {
  const goals = [
    faster(runs, "vit", ["jax-js webgpu", 4]),
    faster(runs, "vit", ["tfjs webgpu", 10]),
    faster(runs, "vit", ["onnxruntime-web webgpu", 10]),
    faster(runs, "vit-step", ["jax-js webgpu", 4]),
    faster(runs, "vit-step", ["tfjs webgpu", 12]),
    faster(runs, "vit", ["onnxruntime-web wasm", 1]),
    atMost("dispatches per ViT block", 6, [facts.dispatchesPerBlock, ""]),
    atMost("host time of a replayed ViT-B forward", 0.25, [facts.hostMs, " ms"]),
    atMost("intermediates over their lower bound", 1.1, [facts.memoryRatio, " x"]),
    atMost("WebGPU inference bundle", 60, [facts.bundleKb, " kB"]),
  ];
  const verdict = (reached: boolean | undefined) =>
    reached === undefined ? "" : reached ? "reached" : "**not reached**";
  return table(
    ["goal", "wanted", "measured", ""],
    goals.map(({ name, wanted, got, reached }) => [name, wanted, got, verdict(reached)]),
  );
}
