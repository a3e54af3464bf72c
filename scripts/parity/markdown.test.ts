import { expect, test } from "vitest";
import { formatPage, merged, pageOf, parsePage } from "./markdown.ts";

const line = (name: string, executor: string, absolute: number) => {
  const relative = absolute;
  return { case: name, executor, quantity: "x", absolute, relative, tolerance: "1", ok: absolute < 1 };
};
const none = { slow: new Map<string, string>(), skipped: [] };
const first = pageOf({
  ...none,
  lines: [line("tiny", "webgpu", 2), line("tiny", "tfjs", 0.5), line("ops", "f64", 0)],
  sessions: ["webgpu: an adapter", "tfjs: cpu"],
  skipped: ["base-hash (takes minutes)", "later (not built)"],
});

test("a page is read as it was written", () => {
  expect(parsePage(formatPage(first))).toEqual({ ...first, rows: new Map([...first.rows].sort()) });
  expect(formatPage(first)).toContain("| tiny | 2.0e+0, 0 of 1 | 5.0e-1, 1 of 1 |  |  |");
});

test("what runs alone changes its own cells and lines", () => {
  const slow = new Map([["base-hash", "base-hash on webgpu: 100 s"]]);
  const lines = [line("tiny", "webgpu", 0.25), line("base-hash", "webgpu", 0.125)];
  const page = merged(
    parsePage(formatPage(first)),
    pageOf({ lines, slow, sessions: ["webgpu: another"], skipped: [] }),
  );
  expect(page.rows.get("tiny")).toEqual(["2.5e-1, 1 of 1", "5.0e-1, 1 of 1", "", ""]);
  expect([...page.rows.keys()].sort()).toEqual(["base-hash", "ops", "tiny"]);
  expect([...page.skipped.keys()]).toEqual(["later"]);
  expect(page.sessions.get("webgpu")).toBe("webgpu: another");
  expect(formatPage(page)).toContain("- base-hash on webgpu: 100 s");
});
