import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseConfig } from "@albef/encoder";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generatorChecks } from "./families/base-hash.ts";
import { kindsFor } from "./families/index.ts";
import { openCase } from "./recorded-case.ts";
import { planOf, runCase } from "./run-case.ts";
import type { Runner } from "./runner.ts";
import { openRunner } from "./runners.ts";

const FIXTURES = fileURLToPath(new URL("../../fixtures", import.meta.url));
const read = (path: string) => readFile(join(FIXTURES, path));

async function expectAllOk(name: string, runner?: Runner): Promise<void> {
  const { lines, skipped } = await runCase(name, read, runner);
  const failed = lines.filter(({ ok }) => !ok).map(({ quantity, note }) => `${quantity}: ${note}`);
  expect(failed).toEqual([]);
  expect(skipped).toEqual([]);
  expect(lines.length).toBeGreaterThan(0);
}

describe("recorded official results, without an executor", () => {
  it.each(kindsFor())("%s", (name) => expectAllOk(name));
});

describe.each(["f64", "tfjs"] as const)("recorded official results on %s", (executor) => {
  let runner: Runner;
  beforeAll(async () => {
    runner = await openRunner(executor);
  });
  afterAll(() => runner.dispose());

  it.each(kindsFor(executor))("%s", (name) => expectAllOk(name, runner));
});

describe("the runner itself", () => {
  it("generates the weights that base-hash lists", async () => {
    const recorded = await openCase("base-hash", read);
    const checks = generatorChecks(recorded.field("generator"), parseConfig(recorded.json.config));
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(checks.length).toBeGreaterThan(4);
  });

  it("fails where a weight is wrong", async () => {
    const f64 = await openRunner("f64");
    const spoilt: Runner = {
      ...f64,
      compile: (graph, weights) =>
        f64.compile(graph, (name, spec) => {
          const data = weights!(name, spec);
          return name === "itm_head.bias" ? Float32Array.from(data, (value) => value + 0.001) : data;
        }),
    };
    const { lines } = await runCase("tiny", read, spoilt);
    expect(lines.filter(({ ok }) => !ok).map(({ quantity }) => quantity)).toEqual(["itm_logits"]);
  });

  it("turns an error into a failed line", async () => {
    const { lines } = await runCase("no-such-case", read);
    expect(lines.map(({ ok }) => ok)).toEqual([false]);
  });

  it("knows what is not built", () => {
    expect(planOf("no-such-kind").needs).toBe("unbuilt");
  });
});
