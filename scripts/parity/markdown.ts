import { brief } from "./check.ts";
import type { Line } from "./report.ts";

const EXECUTORS = ["webgpu", "tfjs", "f64"] as const;

const HEAD = `# Parity with the official code

Results recorded from the official PyTorch code (\`fixtures\`, each quantity with its tolerance) against ours. Printed by
\`npm run parity -- --markdown docs/parity.md\`; without \`--markdown\` every quantity is listed. A cell gives the largest
absolute difference over all quantities of a case, and how many of them are within their tolerances. Cases that run no
graph (tokens, keys, files, pictures) have the column "plain".
`;

/** The page that lists every case with the difference reached on each executor. */
export function parityPage(lines: readonly Line[], sessions: readonly string[], skipped: readonly string[]): string {
  const cases = [...new Set(lines.map((line) => line.case))].sort();
  const rows = cases.map((name) => {
    const own = lines.filter((line) => line.case === name);
    const cells = [...EXECUTORS, "-"].map((executor) => cellOf(own.filter((line) => line.executor === executor)));
    return `| ${name} | ${cells.join(" | ")} |`;
  });
  const table = ["| case | webgpu | tfjs | f64 | plain |", "|---|---|---|---|---|", ...rows].join("\n");
  const ran = sessions.map((session) => `- ${session}`).join("\n");
  const rest = skipped.length > 0 ? `\nNot compared:\n\n${skipped.map((line) => `- ${line}`).join("\n")}\n` : "";
  return `${HEAD}\n${table}\n\nRun on:\n\n${ran}\n${rest}`;
}

function cellOf(lines: readonly Line[]): string {
  if (lines.length === 0) return "";
  const worst = Math.max(...lines.map(({ absolute }) => (Number.isFinite(absolute) ? absolute : 0)));
  const ok = lines.filter((line) => line.ok).length;
  return `${brief(worst)}, ${ok} of ${lines.length}`;
}
