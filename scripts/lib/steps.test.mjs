import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { countUnittest } from "../python-tests.mjs";
import { countOutcome, projectOf, steps } from "./steps.mjs";

let folder;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "steps-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const all = steps({ chromium: {}, dawn: {} });
const unit = all.find(({ script }) => script === "test:unit");

function outcome(report, exitCode) {
  const file = join(folder, "report.json");
  writeFileSync(file, JSON.stringify(report));
  return countOutcome(unit, file, exitCode);
}

const clean = { numPassedTests: 3, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] };

describe("countOutcome", () => {
  test("takes the counts of a report", () => {
    expect(outcome(clean, 0)).toMatchObject({ passed: 3, failed: 0 });
  });

  test("counts a skipped test as failed", () => {
    expect(outcome({ ...clean, numPendingTests: 2 }, 0)).toMatchObject({ passed: 3, failed: 2, skipped: 2 });
  });

  test("counts a file that could not be loaded", () => {
    const testResults = [{ status: "failed", assertionResults: [] }];
    expect(outcome({ ...clean, testResults }, 1)).toMatchObject({ passed: 3, failed: 1 });
  });

  test("does not call a run that ended badly passed", () => {
    expect(outcome(clean, 124)).toMatchObject({ passed: 3, failed: 1 });
    expect(countOutcome(unit, join(folder, "never-written.json"), 0)).toEqual({ passed: 0, failed: 1 });
  });

  test("counts a step without a report as one", () => {
    const lint = all.find(({ script }) => script === "lint");
    expect(countOutcome(lint, "", 0)).toEqual({ passed: 1, failed: 0 });
    expect(countOutcome(lint, "", 1)).toEqual({ passed: 0, failed: 1 });
  });
});

test("a test file's name decides its project", () => {
  expect(projectOf("packages/core/src/ops/add.gpu.test.ts")).toBe("gpu");
  expect(projectOf("packages/core/src/ops/add.dawn.test.ts")).toBe("dawn");
  expect(projectOf("packages/core/src/shape.test.ts")).toBe("unit");
  expect(projectOf("packages/core/src/testing/describe-op.ts")).toBeNull();
});

test("the counts of Python's unittest are read from its last lines", () => {
  expect(countUnittest("....\n---\nRan 4 tests in 0.1s\n\nOK\n")).toEqual({ passed: 4, failed: 0 });
  expect(countUnittest("Ran 1 test in 0.1s\n\nOK\n")).toEqual({ passed: 1, failed: 0 });
  const broken = "Ran 9 tests in 3.0s\n\nFAILED (failures=1, errors=2, skipped=1)\n";
  expect(countUnittest(broken)).toEqual({ passed: 5, failed: 4 });
  expect(countUnittest("Traceback: no such folder")).toEqual({ passed: 0, failed: 0 });
});
