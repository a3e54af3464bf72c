import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { filesUnder } from "./files.mjs";
import { bin, root } from "./run.mjs";

const MINUTE = 60_000;

/** The folders of packages that have code, in the order of their imports. */
export function packageFolders() {
  const order = ["core", "encoder", "heads", "distillation", "albef"];
  const rank = (name) => (order.indexOf(name) + order.length + 1) % (order.length + 1);
  return readdirSync(join(root, "packages"))
    .filter((name) => existsSync(join(root, "packages", name, "src")))
    .sort((a, b) => rank(a) - rank(b))
    .map((name) => `packages/${name}`);
}

const plain = (name, command, limitMinutes, remedy) => ({
  name,
  command,
  limitMs: limitMinutes * MINUTE,
  remedy,
  counts: "step",
});

/** The project a test file belongs to, by its name; null for other files. */
export function projectOf(file) {
  return /\.(?:(gpu|dawn)\.)?test\.ts$/.exec(file) ? (/\.(gpu|dawn)\.test\.ts$/.exec(file)?.[1] ?? "unit") : null;
}

function vitest(project, environment, limitMinutes) {
  const sources = ["scripts", ...packageFolders().map((folder) => `${folder}/src`)].flatMap(filesUnder);
  if (!sources.some((file) => projectOf(file) === project)) return null;
  return {
    name: project,
    command: [...bin("vitest"), "run", "--project", project, "--reporter=default", "--reporter=json"],
    report: (file) => ["--outputFile.json", file],
    env: environment,
    limitMs: limitMinutes * MINUTE,
    remedy: `run the one file: \`npx vitest run --project ${project} PATH\``,
    counts: "vitest",
  };
}

function entryPoints() {
  return packageFolders()
    .map((folder) => `${folder}/src/index.ts`)
    .filter((file) => existsSync(join(root, file)));
}

function staticSteps() {
  const script = (name) => [process.execPath, join(root, "scripts", name)];
  return [
    plain(
      "typecheck",
      [...bin("typescript", "tsc"), "-p", "tsconfig.json"],
      5,
      "fix the type errors above; `npm run typecheck` repeats them",
    ),
    plain(
      "lint",
      [...bin("@biomejs/biome", "biome"), "ci", "."],
      3,
      "`npm run format` mends what can be mended; an import against the direction of the packages has to move",
    ),
    plain("house", script("check-house.mjs"), 1, "split the file, or finish what the note says"),
    plain(
      "cycles",
      [...bin("dpdm"), "--no-warning", "--no-tree", "--exit-code", "circular:1", ...entryPoints()],
      2,
      "break the import cycle printed above",
    ),
  ];
}

/** The end-to-end tests build the demo themselves, so they come last and need the packages built. */
function builtSteps(chromium) {
  const script = (name) => [process.execPath, join(root, "scripts", name)];
  const steps = [
    plain(
      "build",
      [...bin("typescript", "tsc"), "-b", "tsconfig.build.json"],
      5,
      "fix the errors above; `npm run build` repeats them",
    ),
    plain("packages", script("check-packages.mjs"), 3, "correct the package.json named above (exports, files, types)"),
  ];
  if (existsSync(join(root, "packages/albef/src"))) {
    steps.push(
      plain("size", script("size.mjs"), 3, "look for what the inference bundle pulls in: `npm run size -- --list`"),
    );
  }
  if (existsSync(join(root, "e2e"))) {
    steps.push({
      name: "e2e",
      command: [
        ...bin("@playwright/test", "playwright"),
        "test",
        "--config",
        "e2e/playwright.config.ts",
        "--reporter=list,json",
      ],
      report: () => [],
      reportEnv: (file) => ({ PLAYWRIGHT_JSON_OUTPUT_NAME: file, PLAYWRIGHT_JSON_OUTPUT_FILE: file }),
      env: chromium,
      limitMs: 12 * MINUTE,
      remedy: 'run the one test: `npm run test:e2e -- -g "its name"`; a trace lies in test-results',
      counts: "playwright",
    });
  }
  return steps;
}

/** Every step of the whole check. A step whose files do not exist yet is absent; from the first file on it must pass. */
export function steps({ chromium, dawn }) {
  return [
    ...staticSteps(),
    vitest("unit", {}, 8),
    vitest("gpu", chromium, 10),
    vitest("dawn", dawn, 10),
    ...builtSteps(chromium),
  ].filter(Boolean);
}

/** Tests passed and failed by a reporter's file; a skipped test counts as failed, since it shows nothing. */
export function countTests(kind, file, exitCode) {
  if (kind === "step") return exitCode === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
  if (!existsSync(file)) return { passed: 0, failed: 1 };
  const report = JSON.parse(readFileSync(file, "utf8"));
  const counts = kind === "vitest" ? vitestCounts(report) : playwrightCounts(report);
  if (exitCode !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

function vitestCounts(report) {
  const brokenFiles = report.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.length === 0,
  );
  const skipped = report.numPendingTests + report.numTodoTests;
  return { passed: report.numPassedTests, failed: report.numFailedTests + brokenFiles.length + skipped, skipped };
}

function playwrightCounts({ stats, errors }) {
  const failed = stats.unexpected + stats.skipped + errors.length;
  return { passed: stats.expected + stats.flaky, failed, skipped: stats.skipped };
}
