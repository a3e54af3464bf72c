import { brief } from "./check.ts";
import type { Line } from "./report.ts";

const EXECUTORS = ["webgpu", "tfjs", "f64"] as const;

const HEAD = `# Parity with the official code

Results recorded from the official PyTorch code (\`fixtures\`, each quantity with its tolerance) against ours. Printed by
\`npm run parity -- --markdown docs/parity.md\`; without \`--markdown\` every quantity is listed. A cell gives the largest
absolute difference over all quantities of a case, and how many of them are within their tolerances. Cases that run no
graph (tokens, keys, files, pictures) have the column "plain". Cases that take minutes are run by name, for instance
\`npm run parity -- --case base-hash --markdown docs/parity.md\`; what did not run stays as it was.
`;

/** What one page says, line by line. */
export interface ParityPage {
  /** Table cells by case, one for each column. */
  readonly rows: ReadonlyMap<string, readonly string[]>;
  /** What ran them, by executor. */
  readonly sessions: ReadonlyMap<string, string>;
  /** Time and memory of slow cases, by case. */
  readonly slow: ReadonlyMap<string, string>;
  /** Why cases are not compared, by case. */
  readonly skipped: ReadonlyMap<string, string>;
}

export interface ParityRun {
  readonly lines: readonly Line[];
  /** `executor: description` */
  readonly sessions: readonly string[];
  readonly slow: ReadonlyMap<string, string>;
  /** Each begins with the name of its case. */
  readonly skipped: readonly string[];
}

export function pageOf({ lines, sessions, slow, skipped }: ParityRun): ParityPage {
  const rows = [...new Set(lines.map((line) => line.case))].map((name) => {
    const own = lines.filter((line) => line.case === name);
    const cells = [...EXECUTORS, "-"].map((executor) => cellOf(own.filter((line) => line.executor === executor)));
    return [name, cells] as const;
  });
  const byFirst = (texts: readonly string[]) => new Map(texts.map((text) => [/^[\w.-]+/.exec(text)![0], text]));
  return { rows: new Map(rows), sessions: byFirst(sessions), slow, skipped: byFirst(skipped) };
}

/** The page with what is new in it; a case that has a row is not listed as skipped. */
export function merged(before: ParityPage, now: ParityPage): ParityPage {
  const fresh = [...now.rows].map(([name, cells]) => {
    return [name, cells.map((cell, column) => cell || (before.rows.get(name)?.[column] ?? ""))] as const;
  });
  const rows = new Map([...before.rows, ...fresh]);
  const skipped = [...before.skipped, ...now.skipped].filter(([name]) => !rows.has(name));
  return {
    rows,
    sessions: new Map([...before.sessions, ...now.sessions]),
    slow: new Map([...before.slow, ...now.slow]),
    skipped: new Map(skipped),
  };
}

/** The page that lists every case with the difference reached on each executor. */
export function formatPage({ rows, sessions, slow, skipped }: ParityPage): string {
  const lines = new Map([...rows].map(([name, cells]) => [name, `| ${name} | ${cells.join(" | ")} |`]));
  const table = ["| case | webgpu | tfjs | f64 | plain |", "|---|---|---|---|---|", ...sorted(lines)].join("\n");
  const list = (title: string, texts: ReadonlyMap<string, string>) =>
    texts.size === 0
      ? ""
      : `\n${title}:\n\n${sorted(texts)
          .map((text) => `- ${text}\n`)
          .join("")}`;
  const ran = `Run on:\n\n${[...sessions.values()].map((text) => `- ${text}`).join("\n")}`;
  return `${HEAD}\n${table}\n\n${ran}\n${list("Minutes each", slow)}${list("Not compared", skipped)}`;
}

/** Reads a page that `formatPage` wrote. */
export function parsePage(text: string): ParityPage {
  const part = (title: string) => {
    const lines = new RegExp(`\\n${title}:\\n\\n((?:- .*\\n?)+)`).exec(text)?.[1]?.match(/^- .*$/gm) ?? [];
    return new Map(lines.map((line) => [/^- ([\w.-]+)/.exec(line)![1]!, line.slice("- ".length)]));
  };
  const rows = [...text.matchAll(/^\| ([\w.-]+) \| (.*) \|$/gm)].filter(([, name]) => name !== "case");
  return {
    rows: new Map(rows.map(([, name, cells]) => [name!, cells!.split("|").map((cell) => cell.trim())])),
    sessions: part("Run on"),
    slow: part("Minutes each"),
    skipped: part("Not compared"),
  };
}

function sorted(texts: ReadonlyMap<string, string>): string[] {
  return [...texts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text);
}

function cellOf(lines: readonly Line[]): string {
  if (lines.length === 0) return "";
  const worst = Math.max(...lines.map(({ absolute }) => (Number.isFinite(absolute) ? absolute : 0)));
  const ok = lines.filter((line) => line.ok).length;
  return `${brief(worst)}, ${ok} of ${lines.length}`;
}
