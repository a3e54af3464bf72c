import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { replaceFile } from "./atomic-file.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "albef-files-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const bytes = (text: string) => new TextEncoder().encode(text);

test("a file is replaced whole, or stays as it was", async () => {
  const path = join(folder, "state");
  await replaceFile(path, [bytes("old "), bytes("state")]);
  async function* breaksOff() {
    yield bytes("new st");
    throw new Error("the device is lost");
  }
  await expect(replaceFile(path, breaksOff())).rejects.toThrow(`${path}: cannot be written (the device is lost)`);
  expect(readFileSync(path, "utf8")).toBe("old state");
  await replaceFile(path, [bytes("new state")]);
  expect(readFileSync(path, "utf8")).toBe("new state");
  expect(readdirSync(folder)).toEqual(["state"]);
  const nowhere = join(folder, "missing", "state");
  await expect(replaceFile(nowhere, [])).rejects.toThrow(`${nowhere}: cannot be written (ENOENT`);
});
