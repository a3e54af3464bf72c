// Tests of the data recipe and of PyTorch pre-training, where a Python with PyTorch is at hand; npm test needs none.
import { writeFileSync } from "node:fs";
import { run, stopChildrenOnSignals } from "./lib/run.mjs";

const NEEDED = "torch, numpy, PIL";
const ONE_THREAD = { OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" };

async function findPython() {
  for (const name of ["python3", "/usr/bin/python3", "python"]) {
    const { code } = await run(name, ["-c", `import ${NEEDED}`], { capture: true, limitMs: 60_000 });
    if (code === 0) return name;
  }
  return undefined;
}

/** What unittest says at its end: how many ran, how many did not pass. */
export function countUnittest(output) {
  const ran = Number(/^Ran (\d+) tests?/m.exec(output)?.[1] ?? 0);
  const [, told = ""] = /^FAILED \(([^)]*)\)/m.exec(output) ?? [];
  const failed = [...told.matchAll(/\b(?:failures|errors|skipped|unexpected successes)=(\d+)/g)];
  const sum = failed.reduce((total, [, count]) => total + Number(count), 0);
  return { passed: Math.max(0, ran - sum), failed: sum };
}

async function main() {
  stopChildrenOnSignals();
  const total = { passed: 0, failed: 0 };
  const python = await findPython();
  if (!python) {
    console.log(`No Python with ${NEEDED} is here, so the tests of weights/data and weights/pretrain are left out.`);
  }
  for (const folder of python ? ["weights/data", "weights/pretrain"] : []) {
    const { code, output } = await run(python, ["-m", "unittest", "discover", folder], {
      env: ONE_THREAD,
      capture: true,
    });
    const { passed, failed } = countUnittest(output);
    const unexplained = code !== 0 && failed === 0 ? 1 : 0;
    console.log(`${folder}: ${passed} passed, ${failed + unexplained} failed`);
    if (code !== 0) console.log(output);
    total.passed += passed;
    total.failed += failed + unexplained;
  }
  if (process.env.PYTHON_TESTS_REPORT) writeFileSync(process.env.PYTHON_TESTS_REPORT, JSON.stringify(total));
  process.exitCode = total.failed === 0 ? 0 : 1;
}

if (import.meta.filename === process.argv[1]) await main();
