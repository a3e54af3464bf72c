import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Arguments, parseArguments } from "./arguments.ts";
import { chromiumSession } from "./chromium.ts";
import { formatPage, merged, pageOf, parsePage } from "./markdown.ts";
import { caseKind } from "./recorded-case.ts";
import { formatTable, type Line } from "./report.ts";
import { type Outcome, planOf, runCase } from "./run-case.ts";
import type { RunnerName } from "./runner.ts";
import { openRunner } from "./runners.ts";

const NO_EXECUTOR = "no executor";
const FIXTURES = resolve(dirname(fileURLToPath(import.meta.url)), "../../fixtures");

/** Runs one case; closes what it holds at the end. */
interface Session {
  readonly description: string;
  run(name: string): Promise<Outcome>;
  /** Memory that this process has held at most, where cases run in it. */
  peakBytes?(): number;
  close(): Promise<void>;
}

async function openSession(executor: RunnerName | undefined, directory: string): Promise<Session> {
  const read = (path: string) => readFile(join(directory, path));
  if (executor === "webgpu" && process.env.ALBEF_PARITY_GPU === "chromium") return chromiumSession(directory);
  const runner = executor && (await openRunner(executor));
  return {
    description: runner ? `${runner.name}: ${runner.description}` : NO_EXECUTOR,
    run: (name) => runCase(name, read, runner),
    peakBytes: () => process.resourceUsage().maxRSS * 1024,
    close: async () => runner?.dispose(),
  };
}

/** Folders with a case.json; a folder that is itself a case stands for its parent with that one case. */
function findCases({ directory, cases }: Arguments): { readonly directory: string; readonly names: readonly string[] } {
  const folder = resolve(directory);
  if (!existsSync(folder)) throw new Error(`there is no folder ${folder}`);
  if (existsSync(join(folder, "case.json"))) return { directory: dirname(folder), names: [basename(folder)] };
  const present = readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, "case.json")))
    .sort();
  const unknown = cases.filter((name) => !present.includes(name));
  if (unknown.length > 0)
    throw new Error(`no case ${unknown.join(", ")} in ${folder}; there are ${present.join(", ")}`);
  if (present.length === 0) throw new Error(`${folder} holds no case: no folder in it has a case.json`);
  return { directory: folder, names: cases.length > 0 ? cases : present };
}

interface Totals {
  passed: number;
  failed: number;
  readonly skipped: string[];
  readonly lines: Line[];
  readonly sessions: string[];
  /** Time and memory of slow cases. */
  readonly slow: Map<string, string>;
}

/** Runs the cases of one session and prints their tables as they come. */
async function runSession(
  session: Session,
  { names, isSlow }: { readonly names: readonly string[]; isSlow(name: string): boolean },
  totals: Totals,
): Promise<void> {
  console.log(`\n${session.description}`);
  if (session.description !== NO_EXECUTOR) totals.sessions.push(session.description);
  for (const [i, name] of names.entries()) {
    const { lines, skipped, seconds } = await session.run(name);
    console.log(formatTable(lines, { heading: i === 0 }));
    const memory = session.peakBytes && `, ${(session.peakBytes() / 1e9).toFixed(1)} GB of memory at most`;
    const ok = lines.filter((line) => line.ok).length;
    console.log(`${name}: ${ok} of ${lines.length} ok, ${seconds.toFixed(1)} s${memory ?? ""}`);
    if (isSlow(name)) {
      const text = `${name} on ${session.description.split(":")[0]}: ${seconds.toFixed(0)} s${memory ?? ""}`;
      totals.slow.set(name, text);
    }
    totals.lines.push(...lines);
    totals.passed += ok;
    totals.failed += lines.length - ok;
    if (skipped.length > 0) totals.skipped.push(`${name}: ${skipped.join(", ")}`);
  }
}

/** A page that is there already keeps what did not run now. */
function writePage(path: string, totals: Totals): void {
  const now = pageOf({ ...totals, skipped: [...new Set(totals.skipped)] });
  const before = existsSync(path) ? parsePage(readFileSync(path, "utf8")) : undefined;
  writeFileSync(path, formatPage(before ? merged(before, now) : now));
}

async function main(): Promise<number> {
  const options = parseArguments(process.argv.slice(2), FIXTURES);
  const { directory, names } = findCases(options);
  const totals: Totals = { passed: 0, failed: 0, skipped: [], lines: [], sessions: [], slow: new Map() };
  const plans = await Promise.all(
    names.map(async (name) => {
      const kind = await caseKind(name, (path) => readFile(join(directory, path)));
      return { name, plan: planOf(kind) };
    }),
  );
  const slowWanted = options.cases.length > 0 || names.length === 1;
  for (const { name, plan } of plans) {
    if (plan.needs === "unbuilt") totals.skipped.push(`${name} (this part is not built yet)`);
    else if (plan.slow && !slowWanted) totals.skipped.push(`${name} (takes minutes: --case ${name})`);
  }
  const runnable = plans.filter(({ plan }) => plan.needs !== "unbuilt" && (slowWanted || !plan.slow));
  for (const executor of [undefined, ...options.executors]) {
    const mine = runnable.filter(({ plan }) =>
      executor
        ? plan.needs === "executor" && (plan.executors ?? [executor]).includes(executor)
        : plan.needs === "nothing",
    );
    if (mine.length === 0) continue;
    const session = await openSession(executor, directory);
    try {
      const isSlow = (wanted: string) => mine.some(({ name, plan }) => name === wanted && plan.slow === true);
      await runSession(session, { names: mine.map(({ name }) => name), isSlow }, totals);
    } finally {
      await session.close();
    }
  }
  for (const line of new Set(totals.skipped)) console.log(`skipped: ${line}`);
  if (options.markdown) writePage(options.markdown, totals);
  console.log(`\n${totals.passed} passed, ${totals.failed} failed`);
  return totals.failed === 0 && totals.passed > 0 ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(`parity: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  },
);
