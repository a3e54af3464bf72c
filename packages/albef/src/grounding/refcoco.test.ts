import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, type MockInstance, test, vi } from "vitest";
import { main } from "../cli/main.ts";
import { readReferences } from "../evaluate/refcoco-annotations.ts";
import { weightsFolder } from "../testing/pictures.ts";

const tasks = `${weightsFolder}tasks/`;
const PHRASES = 16;
let folder: string;
let log: MockInstance<typeof console.log>;
let error: MockInstance<typeof console.error>;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "albef-refcoco-"));
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  error = vi.spyOn(console, "error").mockImplementation(() => undefined);
});
afterEach(() => vi.restoreAllMocks());

function files() {
  const annotations = join(folder, "phrases.json");
  const all = JSON.parse(readFileSync(`${tasks}refcoco-held-out.json`, "utf8"));
  writeFileSync(annotations, JSON.stringify(all.slice(0, PHRASES)));
  const named = ["refs", "instances"].flatMap((name) => [`--${name}`, `${tasks}refcoco-${name}.json`]);
  return ["--annotations", annotations, ...named, "--detections", `${tasks}refcoco-dets.json`, "--images", tasks];
}

test.each(["itm", "itc"])("albef eval refcoco, mode %s", async (mode) => {
  const json = join(folder, `${mode}.json`);
  const call = ["eval", "refcoco", `${weightsFolder}albef-mini`, ...files(), "--device", "wasm", "--mode", mode];
  expect(await main([...call, "--json", json])).toBe(0);
  const { accuracy } = JSON.parse(readFileSync(json, "utf8"));
  expect(Object.keys(accuracy)).toEqual(["val"]);
  expect((accuracy.val * PHRASES) % 1).toBe(0);
  expect(accuracy.val).toBeGreaterThan(0);
  const text = log.mock.calls.flat().join("\n");
  expect(text).toContain(`${PHRASES} phrases, mode ${mode}`);
  expect(text).toMatch(/val +\d+\.\d\d/);
});

test.each([
  [["--mode", "mlm"], "--mode must be itm or itc"],
  [["--layer", "99"], "layer of mode itm must be"],
])("%j is refused", async (more, problem) => {
  const call = ["eval", "refcoco", `${weightsFolder}albef-mini`, ...files(), "--device", "wasm"];
  expect(await main([...call, ...more])).toBeGreaterThan(0);
  expect(error.mock.calls.flat().join("\n")).toContain(problem);
});

const good = {
  annotations: [{ image: "a.jpg", text: "a dog", ref_id: 1 }],
  refs: [{ ref_id: 1, ann_id: 2, image_id: 3, split: "testA" }],
  instances: { annotations: [{ id: 2, bbox: [0, 0, 4, 5] }] },
  detections: { "3": [[1, 2, 3, 4, 0.9]] },
};

test("the official files are put together", () => {
  expect(readReferences(good)).toEqual([
    { image: "a.jpg", text: "a dog", split: "testA", box: [0, 0, 4, 5], proposals: [[1, 2, 3, 4]] },
  ]);
  expect(readReferences({ ...good, detections: {} })[0]!.proposals).toEqual([]);
});

test.each([
  [{ annotations: {} }, "annotations: must hold a list"],
  [{ annotations: [{ image: "a", text: 3, ref_id: 1 }] }, "annotations: entry 0 must hold"],
  [{ refs: [{ ...good.refs[0], ref_id: 5 }] }, "ref_id 1 is not in the refs"],
  [{ instances: { annotations: [{ id: 5, bbox: [0, 0, 4, 5] }] } }, "ann_id 2 of ref_id 1 is not in the instances"],
  [{ instances: { annotations: [{ id: 2, bbox: [0, 0, 0, 5] }] } }, "instances: entry 0 must hold"],
  [{ detections: { "3": [[1, 2, 3]] } }, "detections of image 3: entry 0 must hold"],
])("%j is refused", (part, problem) => {
  expect(() => readReferences({ ...good, ...part })).toThrow(problem);
});
