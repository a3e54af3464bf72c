import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, type MockInstance, test, vi } from "vitest";
import { Albef } from "../albef.ts";
import { main } from "../cli/main.ts";
import { parseNlvr } from "../evaluate/nlvr-annotations.ts";
import { splitRows } from "../model/batches.ts";
import { loadModel } from "../model/load.ts";
import { galleryPicture, weightsFolder } from "../testing/pictures.ts";
import { tinyTask } from "../testing/tiny-tasks.ts";
import { comparisons } from "./compare.ts";

const pizza = galleryPicture("pizza-twemoji");
const tiger = galleryPicture("tiger-fluent-3d");

test.each([false, true, "stale"] as const)(
  "the recorded logits as probabilities; shared weights under both names: %s; as in PyTorch the later name counts",
  async (aliases) => {
    const { files, recorded } = await tinyTask("nlvr", { aliases });
    const model = await loadModel(files, { device: "wasm" });
    try {
      const floats = async (name: string) => Float32Array.from((await recorded.read(name)).data);
      const images = await model.engine.encodeImages(splitRows(await floats("in.image"), 6));
      const masks = splitRows(await floats("in.attention_mask"), 3);
      const ids = splitRows(await floats("in.input_ids"), 3).map((row) => Int32Array.from(row));
      const texts = await model.engine.encodeTexts(ids.map((inputIds, i) => ({ inputIds, attentionMask: masks[i]! })));
      const pairs = texts.map((text, i) => ({ text, first: images[i]!.states, second: images[i + 3]!.states }));
      const logits = splitRows(await floats("out.eval_logits"), 3);
      const wanted = logits.map(([no, yes]) => 1 / (1 + Math.exp(no! - yes!)));
      for (const [i, [, probability]] of (await comparisons(model, pairs)).entries()) {
        expect(probability).toBeCloseTo(wanted[i]!, 5);
      }
    } finally {
      model.dispose();
    }
  },
);

test("model.compare: the order of the pictures counts; what such a model cannot do is told", async () => {
  using model = await Albef.fromPretrained((await tinyTask("nlvr")).files, { device: "wasm" });
  const there = await model.compare(pizza, tiger, "a man is riding a horse");
  const back = await model.compare(tiger, pizza, "a man is riding a horse");
  expect(there).toBeGreaterThan(0);
  expect(there).toBeLessThan(1);
  expect(Math.abs(there - back)).toBeGreaterThan(1e-6);
  await expect(model.ground(pizza, "a man")).rejects.toThrow("load a pre-trained checkpoint");
  await expect(model.matchScores(pizza, ["a man"])).rejects.toThrow("load a pre-trained checkpoint");
  await expect(model.entails(pizza, "a man")).rejects.toThrow("official VE.py");
});

test("albef-mini says which checkpoint compares", async () => {
  using model = await Albef.fromPretrained(`${weightsFolder}albef-mini`, { device: "wasm" });
  await expect(model.compare(pizza, tiger, "a pizza")).rejects.toThrow('fine-tune this model with task "nlvr"');
});

describe("albef eval nlvr2", () => {
  let folder: string;
  let log: MockInstance<typeof console.log>;
  let error: MockInstance<typeof console.error>;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "albef-nlvr-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  beforeEach(() => {
    log = vi.spyOn(console, "log").mockImplementation(() => undefined);
    error = vi.spyOn(console, "error").mockImplementation(() => undefined);
  });
  afterEach(() => vi.restoreAllMocks());

  test("accuracy and probabilities of official annotations", async () => {
    for (const file of (await tinyTask("nlvr")).files) {
      writeFileSync(join(folder, file.name), new Uint8Array(await file.arrayBuffer()));
    }
    const annotations = join(folder, "statements.json");
    const all = JSON.parse(readFileSync(`${weightsFolder}tasks/nlvr2-held-out.json`, "utf8"));
    writeFileSync(annotations, JSON.stringify(all.slice(0, 10)));
    const json = join(folder, "figures.json");
    const images = `${weightsFolder}tasks`;
    const call = ["eval", "nlvr2", folder, "--annotations", annotations, "--images", images, "--device", "wasm"];
    expect(await main([...call, "--json", json])).toBe(0);
    const { accuracy, probabilities } = JSON.parse(readFileSync(json, "utf8"));
    const right = probabilities.filter((p: number, i: number) => p > 0.5 === (all[i].label === "True"));
    expect(probabilities).toHaveLength(10);
    expect(accuracy).toBe(right.length / 10);
    expect(log.mock.calls.flat().join("\n")).toContain(`10 statements, accuracy ${(100 * accuracy).toFixed(2)}`);
  });

  test("a model without the head ends with 1", async () => {
    const call = [
      "eval",
      "nlvr2",
      `${weightsFolder}albef-mini`,
      "--images",
      `${weightsFolder}tasks`,
      "--device",
      "wasm",
    ];
    expect(await main([...call, "--annotations", `${weightsFolder}tasks/nlvr2-held-out.json`])).toBe(1);
    expect(error.mock.calls.flat().join("\n")).toContain("no cls_head of 2 classes");
    expect(await main(["eval", "nlvr2", "model"])).toBe(2);
  });
});

test.each([
  ["{}", "must hold a list"],
  ['[{"sentence": "a", "label": "true", "images": ["a", "b"]}]', "entry 0 must hold"],
  ['[{"sentence": "a", "label": "True", "images": ["a"]}]', "entry 0 must hold"],
])("statements %s are refused", (json, problem) => {
  expect(() => parseNlvr(json, "file.json")).toThrow(problem);
});
