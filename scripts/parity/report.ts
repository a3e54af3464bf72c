import { brief, type Check } from "./check.ts";

/** A check with the case and the executor it belongs to. */
export interface Line extends Check {
  readonly case: string;
  readonly executor: string;
}

const COLUMNS = ["case", "executor", "quantity", "max abs", "max rel", "tolerance", "ok"] as const;

/** One line of the table; `widths` keeps the columns of one case under each other. */
function row(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, i) => cell.padEnd(widths[i]!))
    .join("  ")
    .trimEnd();
}

function cellsOf(line: Line): string[] {
  const { quantity, absolute, relative, tolerance, ok } = line;
  return [line.case, line.executor, quantity, brief(absolute), brief(relative), tolerance, ok ? "ok" : "FAILED"];
}

/** The table of one case, with the first wrong value of each failed line below it. */
export function formatTable(lines: readonly Line[], { heading }: { readonly heading: boolean }): string {
  const cells = lines.map(cellsOf);
  const widths = COLUMNS.map((name, i) => Math.max(name.length, ...cells.map((line) => line[i]!.length)));
  const notes = lines.flatMap(({ quantity, note, ok }) => (ok || !note ? [] : [`  ${quantity}: ${note}`]));
  return [...(heading ? [row(COLUMNS, widths)] : []), ...cells.map((line) => row(line, widths)), ...notes].join("\n");
}
