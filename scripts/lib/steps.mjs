import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { filesUnder } from "./files.mjs";
import { root } from "./run.mjs";

const MINUTE = 60_000;

const FORMAT = "`npm run format` mends what can be mended; an import against the direction of the packages has to move";

/**
 * A step is an npm script with its arguments, its limit, what to do when it fails and how it counts: a step without a
 * report counts as one.
 */
const plain = (script, minutes, remedy) => ({ name: script, script, args: [], limitMs: minutes * MINUTE, remedy });

/** The packages that have code, core first. */
export function packageFolders() {
  const order = ["core", "encoder", "heads", "distillation"];
  const rank = (name) => (order.includes(name) ? order.indexOf(name) : order.length);
  return readdirSync(join(root, "packages"))
    .filter((name) => existsSync(join(root, "packages", name, "src")))
    .sort((a, b) => rank(a) - rank(b))
    .map((name) => `packages/${name}`);
}

/** The Vitest project a file's name puts it in; null for what is no test. */
export function projectOf(file) {
  const found = /\.(?:(gpu|dawn)\.)?test\.(?:ts|mjs)$/.exec(file);
  return found ? (found[1] ?? "unit") : null;
}

function vitest(project, minutes, env = {}) {
  const sources = ["scripts", ...packageFolders().map((folder) => `${folder}/src`)].flatMap(filesUnder);
  if (!sources.some((file) => projectOf(file) === project)) return null;
  return {
    ...plain(`test:${project}`, minutes, `run the one file: \`npm run test:${project} -- PATH\``),
    args: ["--reporter=default", "--reporter=json"],
    reportArgs: (file) => [`--outputFile.json=${file}`],
    env,
    count: vitestCounts,
  };
}

function endToEnd(env) {
  if (!filesUnder("e2e").some((file) => file.endsWith(".spec.ts"))) return null;
  return {
    ...plain("test:e2e", 12, 'run the one test: `npm run test:e2e -- -g "its name"`; its trace lies in test-results'),
    args: ["--reporter=list,json"],
    reportEnv: (file) => ({ PLAYWRIGHT_JSON_OUTPUT_FILE: file }),
    env,
    count: playwrightCounts,
  };
}

function python() {
  return {
    ...plain("test:python", 6, "run the one file: `cd weights && python3 -m unittest discover pretrain -p FILE`"),
    reportEnv: (file) => ({ PYTHON_TESTS_REPORT: file }),
    count: (report) => report,
  };
}

function size() {
  const remedy = "look for what the inference bundle pulls in: `npm run size -- --list`";
  return existsSync(join(root, "packages/albef/src/albef.ts")) ? plain("size", 3, remedy) : null;
}

/** Every step of the whole check. A step whose files do not exist yet is absent; from the first file on it must pass. */
export function steps({ chromium, dawn }) {
  return [
    plain("typecheck", 5, "fix the type errors above; `npm run typecheck` repeats them"),
    { ...plain("lint", 3, FORMAT), args: ["--colors=off"] },
    plain("house", 1, "split the file, or finish what the note says"),
    plain("cycles", 2, "break the import cycle printed above"),
    vitest("unit", 8),
    vitest("gpu", 10, chromium),
    vitest("dawn", 13, { GALLIVM_PERF: process.env.GALLIVM_PERF ?? "nopt", ...dawn }), // lavapipe: to compile is most of it
    python(),
    plain("build", 5, "fix the errors above; `npm run build` repeats them"),
    plain("check:packages", 3, "correct the package.json named above (exports, files, types)"),
    size(),
    endToEnd(chromium),
  ].filter(Boolean);
}

/** Passed and failed of a step, from its report where it writes one. A skipped test counts as failed: it shows nothing. */
export function countOutcome({ count }, file, exitCode) {
  if (!count) return exitCode === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
  if (!existsSync(file)) return { passed: 0, failed: 1 };
  const counts = count(JSON.parse(readFileSync(file, "utf8")));
  const unexplained = exitCode !== 0 && counts.failed === 0 ? 1 : 0;
  return { ...counts, failed: counts.failed + unexplained };
}

function vitestCounts(report) {
  const broken = report.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0);
  const skipped = report.numPendingTests + report.numTodoTests;
  return { passed: report.numPassedTests, failed: report.numFailedTests + broken.length + skipped, skipped };
}

function playwrightCounts({ stats, errors }) {
  const failed = stats.unexpected + stats.skipped + errors.length;
  return { passed: stats.expected + stats.flaky, failed, skipped: stats.skipped };
}
