import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kindsFor } from "./families/index.ts";
import { runCase } from "./run-case.ts";
import type { Runner } from "./runner.ts";
import { openRunner } from "./runners.ts";

const FIXTURES = fileURLToPath(new URL("../../fixtures", import.meta.url));

describe("recorded official results on WebGPU", () => {
  let runner: Runner;
  beforeAll(async () => {
    runner = await openRunner("webgpu");
  });
  afterAll(() => runner.dispose());

  it.each(kindsFor("webgpu"))("%s", async (name) => {
    const { lines, skipped } = await runCase(name, (path) => readFile(join(FIXTURES, path)), runner);
    const failed = lines.filter(({ ok }) => !ok).map(({ quantity, note }) => `${quantity}: ${note}`);
    expect(failed).toEqual([]);
    expect(skipped).toEqual([]);
    expect(lines.length).toBeGreaterThan(0);
  });
});
