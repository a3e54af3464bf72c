// The whole check, from a fresh clone: installs, finds a browser and a GPU driver, runs every step, prints totals.
// Only Node's own modules may be imported before `npm ci`.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findChromium } from "./lib/chromium.mjs";
import { install, nodeProblem } from "./lib/install.mjs";
import { npm, seconds, stopChildrenOnSignals } from "./lib/run.mjs";
import { countOutcome, steps } from "./lib/steps.mjs";
import { findVulkan } from "./lib/vulkan.mjs";

const WHOLE_RUN_LIMIT_MS = 25 * 60_000;

/** A set-up step that failed counts as one failure; the steps that can run without it still do. */
function reportProblem(name, problem) {
  console.log(`\n✗ ${name}: ${problem}`);
  return { name, passed: 0, failed: 1, took: 0 };
}

async function runStep(step, folder, remainingMs) {
  const file = join(folder, `${step.script.replace(":", "-")}.json`);
  console.log(`\n── ${step.name} ── npm run ${step.script}`);
  const started = performance.now();
  const limitMs = Math.min(step.limitMs, remainingMs);
  const env = { ...step.env, ...step.reportEnv?.(file), FORCE_COLOR: "0", NO_COLOR: "1" };
  const args = [...step.args, ...(step.reportArgs?.(file) ?? [])];
  const { code, timedOut } = await npm(["run", "--silent", step.script, "--", ...args], { env, limitMs });
  const took = performance.now() - started;
  const { passed, failed, skipped = 0 } = countOutcome(step, file, code);
  if (timedOut) console.log(`${step.name} was stopped at its limit of ${seconds(limitMs)}.`);
  if (skipped > 0) console.log(`${step.name}: ${skipped} skipped, counted as failed: a skipped test shows nothing.`);
  console.log(`${failed ? "✗" : "✓"} ${step.name}: ${passed} passed, ${failed} failed, ${seconds(took)}`);
  if (failed) console.log(`  What to do: ${step.remedy}.`);
  return { name: step.name, passed, failed, took };
}

function printTotals(results) {
  console.log("\nStep            passed  failed      time");
  for (const { name, passed, failed, took } of results) {
    console.log(
      `${name.padEnd(14)}${String(passed).padStart(8)}${String(failed).padStart(8)}${seconds(took).padStart(10)}`,
    );
  }
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  console.log(`\n${sum("passed")} passed, ${sum("failed")} failed`);
  return sum("failed") === 0;
}

async function main() {
  stopChildrenOnSignals();
  const started = performance.now();
  const unusable = nodeProblem() ?? (await install());
  if (unusable) return printTotals([reportProblem("install", unusable)]);

  const results = [];
  const chromium = await findChromium();
  if (chromium.problem) results.push(reportProblem("browser", chromium.problem));
  else console.log(`Browser: ${chromium.path}`);
  const vulkan = await findVulkan(chromium.path);
  if (vulkan.problem) results.push(reportProblem("driver", vulkan.problem));
  else console.log(`Dawn adapter: ${vulkan.adapter.name} (shader-f16: ${vulkan.adapter.f16 ? "yes" : "no"})`);

  const folder = mkdtempSync(join(tmpdir(), "albef-test-"));
  try {
    const environments = { chromium: chromium.path ? { CHROMIUM_PATH: chromium.path } : {}, dawn: vulkan.env ?? {} };
    for (const step of steps(environments)) {
      const remainingMs = WHOLE_RUN_LIMIT_MS - (performance.now() - started);
      results.push(await runStep(step, folder, Math.max(remainingMs, 1_000)));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return printTotals(results);
}

process.exitCode = (await main()) ? 0 : 1;
