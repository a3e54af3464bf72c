import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freshName, replaceFile } from "./atomic-file.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "albef-files-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const bytes = (text: string) => new TextEncoder().encode(text);

/** A device on which there is no space, where the system has one. */
const FULL = "/dev/full";

if (existsSync(FULL))
  test("a disk that is full: the error says so, and the file stays as it was", async () => {
    const path = join(folder, "kept");
    await replaceFile(path, [bytes("old state")]);
    symlinkSync(FULL, freshName(path));
    await expect(replaceFile(path, [bytes("new state")])).rejects.toThrow(
      `${path}: cannot be written (the disk is full)`,
    );
    expect(readFileSync(path, "utf8")).toBe("old state");
    expect(existsSync(freshName(path))).toBe(false);
    rmSync(path);
  });

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
