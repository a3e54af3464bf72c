import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { readDataset } from "../datasets/index.ts";
import { main } from "./main.ts";

let folder: string;
let lines: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "albef-pairs-"));
  mkdirSync(join(folder, "sea"));
  for (const name of ["b, the cat.jpg", "a.png", "sea/boat.webp", "notes.md"]) writeFileSync(join(folder, name), "x");
  writeFileSync(join(folder, "a.txt"), "a dog\nour dog");
  lines = [];
  const print = (line: unknown) => void lines.push(String(line));
  vi.spyOn(console, "log").mockImplementation(print);
  vi.spyOn(console, "error").mockImplementation(print);
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

test("a list of all pictures, with the captions that are known; filled in, it is a dataset", async () => {
  const list = join(folder, "captions.csv");
  expect(await main(["pairs", "--from", folder])).toBe(0);
  const rows = ["image,caption", "a.png,a dog", "a.png,our dog", '"b, the cat.jpg",', "sea/boat.webp,", ""];
  expect(readFileSync(list, "utf8")).toBe(`\ufeff${rows.join("\r\n")}`);
  expect(lines.join("\n")).toContain("4 rows, 4 of them new, 2 without a caption");
  writeFileSync(list, readFileSync(list, "utf8").replace("boat.webp,", 'boat.webp,"a ""big"", red boat"'));
  const pairs: string[] = [];
  for await (const { id, caption } of readDataset(list)) pairs.push(`${id}: ${caption}`);
  expect(pairs).toContain('sea/boat.webp: a "big", red boat');
});

test("once more: what was filled in stays, new pictures follow", async () => {
  const list = join(folder, "captions.csv");
  writeFileSync(list, 'image,caption\nsea/boat.webp,"a boat, far away"\n');
  expect(await main(["pairs", "--from", folder])).toBe(0);
  expect(readFileSync(list, "utf8").split("\r\n").slice(1, 3)).toEqual([
    'sea/boat.webp,"a boat, far away"',
    "a.png,a dog",
  ]);
  expect(lines.join("\n")).toContain("4 rows, 3 of them new, 1 without a caption");
  const before = readFileSync(list, "utf8");
  expect(await main(["pairs", "--from", folder])).toBe(0);
  expect(readFileSync(list, "utf8")).toBe(before);
});

test("a list elsewhere, and what makes no sense", async () => {
  const list = join(folder, "sea", "list.csv");
  expect(await main(["pairs", "--from", folder, "--out", list])).toBe(0);
  expect(lines.at(-1)).toContain(`--data ${list} --images ${folder}`);
  expect(await main(["pairs"])).toBe(2);
  expect(await main(["pairs", "--from", folder, "--out", "list.json"])).toBe(2);
  expect(await main(["pairs", "--from", join(folder, "none")])).toBe(1);
  expect(lines.join("\n")).toContain("there is no such file or folder");
  writeFileSync(list, "nonsense\n");
  expect(await main(["pairs", "--from", folder, "--out", list])).toBe(1);
  expect(readFileSync(list, "utf8")).toBe("nonsense\n");
});
