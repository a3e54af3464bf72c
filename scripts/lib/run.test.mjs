import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { run } from "./run.mjs";

const node = process.execPath;

/** A killed process whose parent is gone may stay as a zombie until init collects it; it runs no more. */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = `/proc/${pid}/stat`;
  return !(existsSync(stat) && /\) Z /.test(readFileSync(stat, "utf8")));
}

test("gives the exit status and the output", async () => {
  const script = "console.log('out'); console.error('err'); process.exitCode = 3";
  const { code, output, timedOut } = await run(node, ["-e", script], { capture: true });
  expect({ code, timedOut }).toEqual({ code: 3, timedOut: false });
  expect(output).toContain("out");
  expect(output).toContain("err");
});

test("a command that does not exist is a failure, not an exception", async () => {
  const { code } = await run("no-such-command-anywhere", [], { capture: true });
  expect(code).not.toBe(0);
});

test.runIf(process.platform !== "win32")("the limit ends grandchildren too", async () => {
  const script = `
    const child = require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1e3)"]);
    console.log(child.pid);
    setInterval(() => {}, 1e3);`;
  const { code, output, timedOut } = await run(node, ["-e", script], { capture: true, limitMs: 1_500 });
  expect({ code, timedOut }).toEqual({ code: 124, timedOut: true });
  const grandchild = Number(output.trim());
  expect(grandchild).toBeGreaterThan(1);
  await expect.poll(() => isAlive(grandchild)).toBe(false);
});

test("silence ends a command that may hang", async () => {
  const script = "console.log('asking'); setInterval(() => {}, 1e3)";
  const { timedOut, output } = await run(node, ["-e", script], { capture: true, quietMs: 700 });
  expect(timedOut).toBe(true);
  expect(output).toContain("asking");
});
