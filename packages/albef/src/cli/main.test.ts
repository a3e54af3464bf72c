import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, expect, type MockInstance, test, vi } from "vitest";
import { main } from "./main.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const mini = join(root, "weights", "albef-mini");

let folder: string;
let log: MockInstance<typeof console.log>;
let error: MockInstance<typeof console.error>;
const printed = (spy: MockInstance) => spy.mock.calls.flat().join("\n");

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "albef-cli-"));
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  error = vi.spyOn(console, "error").mockImplementation(() => undefined);
});
afterEach(() => vi.restoreAllMocks());

test("inspect: what a .pth and a model folder hold", async () => {
  expect(await main(["inspect", join(root, "fixtures/pth/tiny_zip.pth"), "--keys"])).toBe(0);
  expect(printed(log)).toMatch(/tiny_zip\.pth: zip, .* 149 tensors/);
  expect(printed(log)).toMatch(/visual_encoder\.pos_embed +F32 +\[1, 17, 48\]/);
  expect(await main(["inspect", mini])).toBe(0);
  expect(printed(log)).toMatch(/"vision_width": 128/);
});

test("convert, then eval: the recalls of the official evaluation", async () => {
  const out = join(folder, "mini-q8");
  const own = ["--config", join(mini, "config.json"), "--tokenizer", join(mini, "tokenizer.json")];
  expect(await main(["convert", join(mini, "model.safetensors"), out, "--dtype", "q8", ...own])).toBe(0);
  const entries = JSON.parse(readFileSync(join(root, "weights/eval/held-out.json"), "utf8")).slice(0, 24);
  const annotations = join(folder, "some.json");
  writeFileSync(annotations, JSON.stringify(entries));
  const json = join(folder, "figures.json");
  const images = join(root, "weights/eval");
  const call = ["eval", "retrieval", out, "--annotations", annotations, "--images", images, "--k-test", "4"];
  expect(await main([...call, "--device", "wasm", "--json", json])).toBe(0);
  expect(printed(log)).toMatch(/ITC: text to image \(IR\) +\d+\.\d\d/);
  const { itc, itm } = JSON.parse(readFileSync(json, "utf8"));
  expect(itc.imageRecall.r5).toBeGreaterThan((100 * 5) / 24); // of 24 by chance
  expect(itm.imageRecall.r1).toBeTypeOf("number");
});

test.each([
  [["retrain"], 2, 'no command "retrain"'],
  [["convert", "a.pth"], 2, "name a checkpoint and a folder"],
  [["convert", "a.pth", "out", "--dtype", "q3"], 2, "--dtype must be"],
  [["convert", "nowhere.pth", "out"], 1, "nowhere.pth: cannot be opened"],
  [["inspect", "nowhere.pth"], 2, "no such file"],
  [["eval", "retrieval", "model"], 2, "--annotations and --images"],
  [["eval", "retrieval", "m", "--k-test", "-1"], 2, "k-test"],
  [["eval", "ve", "model", "--images", "there"], 2, "--annotations must be given"],
  [["eval", "vqa", "model", "--questions", "q.json", "--images", "there"], 2, "give --annotations to measure by"],
])("albef %j ends with %i and says why", async (args, status, problem) => {
  expect(await main(args)).toBe(status);
  expect(printed(error)).toContain(problem);
});

test("help", async () => {
  expect(await main([])).toBe(0);
  expect(await main(["convert", "--help"])).toBe(0);
  expect(printed(log)).toContain("--image-size N");
});
