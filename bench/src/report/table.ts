import type { Measured } from "../run/measure.ts";
import { workloadName } from "../workloads/index.ts";

/** A measured row with what the workload costs, whichever engine computes it. */
export interface Costed extends Measured {
  readonly flops: number;
  readonly bytes: number;
}

const HEADINGS = [
  "engine",
  "median",
  "quartiles",
  "slower than ours",
  "GFLOP/s",
  "dispatches",
  "peak GPU",
  "cold start",
  "off f64",
];

/** The rows of one session as markdown: a table per workload, our engine first. */
export function markdownTables(rows: readonly Costed[]): string {
  const names = [...new Set(rows.map(({ workload }) => workloadName(workload)))];
  return names
    .map((name) => {
      const mine = rows.filter(({ workload }) => workloadName(workload) === name);
      const { flops, bytes } = mine[0]!;
      const lines = [...mine].sort(ourselvesFirst).map((row) => cells(row, mine));
      return `### ${name}\n\n${(flops / 1e9).toFixed(2)} GFLOP, ${(bytes / 1e6).toFixed(1)} MB of operands and results.\n\n${table(HEADINGS, lines)}`;
    })
    .join("\n\n");
}

export function table(headings: readonly string[], lines: readonly (readonly string[])[]): string {
  const row = (values: readonly string[]) => `| ${values.join(" | ")} |`;
  return [row(headings), row(headings.map((_, i) => (i === 0 ? "---" : "---:"))), ...lines.map(row)].join("\n");
}

function ourselvesFirst(a: Measured, b: Measured): number {
  const key = ({ device, engine }: Measured) =>
    `${device === "webgpu" ? 0 : 1}${engine.startsWith("albef.js") ? 0 : 1}${engine}`;
  return key(a) < key(b) ? -1 : 1;
}

function cells(row: Costed, all: readonly Measured[]): string[] {
  const { engine, version, warm, problem, dispatches, peakBytes, coldMs, agreement, flops } = row;
  const name = engine.startsWith("albef.js") ? `**${engine}**` : `${engine} ${version}`;
  if (!warm) return [name, problem ?? "not run", ...HEADINGS.slice(2).map(() => "")];
  const ratio = ratioToOurs(row, all);
  return [
    name,
    milliseconds(warm.median),
    `${milliseconds(warm.low)} to ${milliseconds(warm.high)}`,
    ratio === undefined ? "" : `${ratio.toFixed(2)} x`,
    (flops / warm.median / 1e6).toFixed(2),
    dispatches === undefined ? "" : String(dispatches),
    peakBytes ? `${(peakBytes / 1e6).toFixed(1)} MB` : "",
    milliseconds(coldMs ?? Number.NaN),
    agreement ? agreement.worst.toExponential(1) : "",
  ];
}

/** How many times as long a row takes as our engine on the same kind of device; nothing for our own f32 row. */
export function ratioToOurs(row: Measured, all: readonly Measured[]): number | undefined {
  const ours = all.find(({ engine }) => engine === `albef.js ${row.device}`);
  if (!ours?.warm || !row.warm || ours === row) return undefined;
  return row.warm.median / ours.warm.median;
}

export function milliseconds(ms: number): string {
  if (!Number.isFinite(ms)) return "";
  return ms >= 1000 ? `${(ms / 1000).toFixed(2)} s` : ms >= 10 ? `${ms.toFixed(0)} ms` : `${ms.toFixed(2)} ms`;
}
