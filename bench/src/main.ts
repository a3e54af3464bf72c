import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { type AdapterName, type Arguments, parseArguments } from "./arguments.ts";
import { goalsTable } from "./report/goals.ts";
import { type Costed, markdownTables } from "./report/table.ts";
import { chromiumSession } from "./run/chromium.ts";
import { withCosts } from "./run/costs.ts";
import { hostFacts } from "./run/facts.ts";
import { nodeSession } from "./run/node.ts";
import type { SessionReport } from "./run/session.ts";

const WEBGPU = ["albef.js webgpu", "albef.js webgpu f16", "jax-js webgpu", "tfjs webgpu", "onnxruntime-web webgpu"];
const WASM = ["albef.js wasm", "onnxruntime-web wasm", "tfjs wasm", "jax-js wasm"];

interface Session extends SessionReport {
  readonly title: string;
  readonly rows: readonly Costed[];
}

async function main(): Promise<void> {
  const options = parseArguments(process.argv.slice(2));
  const log = (line: string) => console.error(line);
  const sessions: Session[] = [];
  const keep = () => options.json && writeFileSync(options.json, `${JSON.stringify({ sessions }, undefined, 1)}\n`);
  for (const adapter of options.adapters) {
    log(`\n${adapter}`);
    let session: Session | undefined;
    for (const workload of options.workloads) {
      const report = await runSession(adapter, { ...options, workloads: [workload] }, log);
      if (!report) break;
      const rows = await withCosts(report.rows);
      if (session) sessions.pop();
      session = { ...report, rows: [...(session?.rows ?? []), ...rows] };
      sessions.push(session);
      keep(); // a run that is stopped leaves what it has
    }
    if (!session) log("no hardware adapter here");
  }
  const shown = [...options.earlier.flatMap(sessionsIn), ...sessions];
  const facts = { ...(await hostFacts()), ...bundleKb() };
  const goals = goalsTable(
    shown.map(({ rows }) => rows),
    facts,
  );
  const markdown = [`## Goals\n\n${goals}`, ...shown.map(sessionText)].join("\n\n");
  console.log(markdown);
  const header = machine();
  if (options.markdown) writeFileSync(options.markdown, `${header}\n${markdown}\n`);
}

function sessionsIn(file: string): Session[] {
  return JSON.parse(readFileSync(file, "utf8")).sessions;
}

async function runSession(adapter: AdapterName, options: Arguments, log: (line: string) => void) {
  const wanted = (name: string) => options.engines.length === 0 || options.engines.some((part) => name.includes(part));
  const request = { ...options, engines: [...WEBGPU, ...WASM].filter(wanted) };
  if (adapter === "lavapipe") {
    const report = await nodeSession(request, log);
    return { ...report, title: `Node ${process.versions.node} on Dawn, ${report.adapter}` };
  }
  const hardware = adapter === "hardware";
  const report = await chromiumSession(request, { adapter: hardware ? "default" : adapter, hardware, log });
  return report && { ...report, title: `${report.browser}, ${report.adapter}` };
}

function sessionText({ title, threads, isolated, rows }: Session): string {
  const threading = isolated && threads > 1 ? `, wasm on up to ${threads} threads` : "";
  return `## ${title}${threading}\n\n${markdownTables(rows)}`;
}

/** Of the last `npm run size`, handed on by who started this. */
function bundleKb(): { readonly bundleKb?: number } {
  const text = process.env.ALBEF_BUNDLE_KB;
  return text ? { bundleKb: Number(text) } : {};
}

function machine(): string {
  const [cpu] = cpus();
  return `Machine: ${cpus().length} cores, ${cpu?.model.trim()}; medians and quartiles of interleaved repeats.\n`;
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  },
);
