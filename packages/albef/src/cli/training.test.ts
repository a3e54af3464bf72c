import { spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Albef } from "../albef.ts";
import { watchedConsole } from "../testing/console.ts";
import { writeSmallModel } from "../testing/small-model.ts";
import { main } from "./main.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const mini = join(root, "weights", "albef-mini");
const PICTURES = ["pizza-twemoji", "tulip-fluent-3d", "whale-noto-v1", "violin-fluent-3d"];

const { printed, failed } = watchedConsole();

let folder: string;
let model: string;
let photos: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "albef-train-"));
  model = join(folder, "small");
  await writeSmallModel(model, { like: mini, dropout: 0.1 });
  photos = join(folder, "photos");
  mkdirSync(photos);
  for (const name of PICTURES) {
    copyFileSync(join(root, "weights/gallery", `${name}.webp`), join(photos, `${name}.webp`));
    writeFileSync(join(photos, `${name}.txt`), `a ${name.split("-")[0]}`);
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

const short = ["--data", "", "--batch-size", "2", "--epochs", "2", "--held-out", "0", "--device", "wasm"];
const call = (command: string, out: string, ...more: string[]) => [
  ...[command, model, ...short.with(1, photos), "--out", join(folder, out), ...more],
];
const rows = (path: string) => (existsSync(path) ? readFileSync(path, "utf8").trim().split("\n").slice(1) : []);

/** Starts a training in a process of its own and ends that without warning after a step. */
async function killedAfter(steps: number, args: readonly string[], out: string): Promise<void> {
  const entry = fileURLToPath(new URL("./main.ts", import.meta.url));
  const child = spawn(process.execPath, ["--conditions=@albef/source", "--import", "tsx", entry, ...args], {
    cwd: root,
  });
  const ended = new Promise((resolve) => child.once("exit", (_code, signal) => resolve(signal)));
  while (rows(join(folder, out, "log.csv")).length < steps && child.exitCode === null) await wait(20);
  child.kill("SIGKILL");
  expect(await ended).toBe("SIGKILL");
}

test("pre-training that is killed and resumed ends as one that was not, bit for bit; no half-written file is taken", async () => {
  const options = ["--save-every", "2", "--queue-size", "4"];
  expect(await main(call("pretrain", "whole", ...options)), failed()).toBe(0);
  await killedAfter(3, call("pretrain", "killed", ...options), "killed");
  writeFileSync(join(folder, "killed", "state.safetensors.new"), "half of a st");
  expect(await main(call("pretrain", "killed", ...options)), "a training is not begun over another").toBe(2);
  expect(await main(call("pretrain", "killed", ...options, "--resume")), failed()).toBe(0);
  expect(printed()).toContain("goes on after step 2");
  const file = (out: string, name: string) => readFileSync(join(folder, out, name));
  for (const name of ["state.safetensors", "adapter.safetensors", "model/model.safetensors"]) {
    expect(file("killed", name).equals(file("whole", name)), name).toBe(true);
  }
  expect(existsSync(join(folder, "killed", "state.safetensors.new"))).toBe(false);
  const losses = (out: string) => rows(join(folder, out, "log.csv")).map((row) => row.split(",").slice(0, 6));
  expect(losses("killed")).toEqual(losses("whole"));
  expect(losses("whole").map(([step]) => step)).toEqual(["1", "2", "3", "4"]);
}, 180_000);

test("train: what is left out is counted and named; options from a file; the model that comes out loads", async () => {
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
  writeFileSync(config, JSON.stringify({ epochs: 9, freeze: ["vision"], maxGradNorm: 1, rates: { fusion: 0.5 } }));
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
