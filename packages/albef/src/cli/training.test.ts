import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Albef } from "../albef.ts";
import { watchedConsole } from "../testing/console.ts";
import { weightsFolder } from "../testing/pictures.ts";
import { expectSameAfterKill, PICTURES, type TrainingPlace, trainingPlace } from "../testing/training-calls.ts";
import { main } from "./main.ts";

const mini = join(weightsFolder, "albef-mini");
const watched = watchedConsole();
const { printed, failed } = watched;

let place: TrainingPlace;
beforeAll(async () => {
  place = await trainingPlace("wasm");
});
afterAll(() => place[Symbol.dispose]());

test(
  "pre-training that is killed and resumed ends as one that was not, bit for bit; no half-written file is taken",
  () => expectSameAfterKill(place, watched, { epochs: 6 }),
  180_000,
);

test("train: what is left out is counted and named; options from a file; adapters merged into a model give what they give beside it", async () => {
  const { folder, model, photos, call } = place;
  writeFileSync(join(photos, "torn.jpg"), "no picture");
  writeFileSync(join(photos, "torn.txt"), "a torn picture");
  const list = join(folder, "some.jsonl");
  const entries = [
    ...PICTURES.slice(0, 3).map((name) => [`${name}.webp`, "a thing"]),
    ["torn.jpg", "x"],
    ["a.jpg", " ?! "],
  ];
  writeFileSync(list, entries.map(([image, caption]) => JSON.stringify({ image, caption })).join("\n"));
  const config = join(folder, "options.json");
  writeFileSync(
    config,
    JSON.stringify({ epochs: 9, train: "lora", freeze: ["vision"], maxGradNorm: 1, rates: { fusion: 0.5 } }),
  );
  const more = ["--images", photos, "--config", config, "--log", "log.jsonl", "--epochs", "1"];
  const args = call("train", "tuned", ...more).with(3, list);
  expect(await main(args), failed()).toBe(0);
  expect(printed()).toMatch(/2 left out:\n {2}torn\.jpg: image: .*\n {2}a\.jpg: its caption has no word/);
  const logged = JSON.parse(readFileSync(join(folder, "tuned/log.jsonl"), "utf8"));
  expect(logged).toMatchObject({ step: 1, epoch: 1, itc: expect.any(Number), gradNorm: expect.any(Number) });
  using base = await Albef.fromPretrained(model, { device: "wasm" });
  using adapted = await base.withAdapter(new Blob([readFileSync(join(folder, "tuned/adapter.safetensors"))]));
  using tuned = await Albef.fromPretrained(join(folder, "tuned/model"), { device: "wasm" });
  const [before, byAdapter, byModel] = await Promise.all(
    [base, adapted, tuned].map((by) => by.encodeTexts(["a thing"])),
  );
  expect(byModel!.data).toEqual(byAdapter!.data);
  expect(byModel!.data).not.toEqual(before!.data);
}, 120_000);

test.each([
  [["train", mini], "--data is needed"],
  [["train", "--data", "x"], "name one model"],
  [["train", mini, "--data", "x", "--save-every", "0"], "--save-every must be"],
  [["train", mini, "--data", "x", "--epochs", "many"], '--epochs must be a number, got "many"'],
  [["train", mini, "--data", "x", "--losses", "itc"], "Unknown option '--losses'"],
  [["pretrain", mini, "--data", "x", "--losses", "itc,vqa"], "--losses knows itc, itm, mlm, got vqa"],
  [["train", mini, "--data", "x", "--config", join(mini, "config.json")], "knows no image_res"],
  [["train", mini, "--data", "x", "--config", "nowhere.json"], "--config nowhere.json: ENOENT"],
])("albef %j makes no sense, and says why", async (args, problem) => {
  expect(await main(args)).toBe(2);
  expect(failed()).toContain(problem);
});
