import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { watchedConsole } from "../testing/console.ts";
import { writeSmallModel } from "../testing/small-model.ts";
import { ABLATIONS } from "../training/ablation.ts";
import { main } from "./main.ts";

const weights = fileURLToPath(new URL("../../../../weights/", import.meta.url));

const { printed, failed } = watchedConsole();

let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "albef-ablate-"));
  await writeSmallModel(join(folder, "small"), { like: join(weights, "albef-mini") });
});
afterAll(() => rmSync(folder, { recursive: true }));

test("every row is trained once and told with its spread; what is done is not done again", async () => {
  const list = join(folder, "list.json");
  writeFileSync(
    list,
    JSON.stringify(JSON.parse(readFileSync(join(weights, "eval/held-out.json"), "utf8")).slice(0, 4)),
  );
  const results = join(folder, "results.jsonl");
  const row = { name: "+ ITC", seed: 0, TR1: 50, IR1: 0, mean: 25 };
  writeFileSync(results, `${JSON.stringify(row)}\n${JSON.stringify({ ...row, seed: 1, TR1: 100 })}\n`);
  const own = ["--data", list, "--images", join(weights, "eval"), "--results", results, "--device", "wasm"];
  const short = ["--seeds", "1", "--epochs", "1", "--batch-size", "2", "--k-test", "2"];
  expect(await main(["ablate", join(folder, "small"), ...own, ...short]), failed()).toBe(0);
  expect(printed()).toContain("2 pictures to learn from, 2 to measure by");
  expect(printed()).toMatch(/\+ ITC +2 +75\.0 ± 35\.4 +0\.0 ± 0\.0 +25\.0 ± 0\.0/);
  const done = readFileSync(results, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(done).toHaveLength(2 + 1 + (ABLATIONS.length - 1));
  expect(new Set(done.map(({ name }) => name))).toEqual(new Set(["untrained", ...ABLATIONS.map(({ name }) => name)]));
  for (const { TR1, IR1, mean } of done) for (const share of [TR1, IR1, mean]) expect(share).toBeGreaterThanOrEqual(0);
}, 60_000);

test("a call that makes no sense", async () => {
  expect(await main(["ablate", join(folder, "small")])).toBe(2);
  expect(failed()).toContain("--data is needed");
});
