import { spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { main } from "../cli/main.ts";
import type { watchedConsole } from "./console.ts";
import { weightsFolder } from "./pictures.ts";
import { writeSmallModel } from "./small-model.ts";

export const PICTURES = ["pizza-twemoji", "tulip-fluent-3d", "whale-noto-v1", "violin-fluent-3d"] as const;

/** Where commands train: a small model with dropout, photos with captions, and what comes out. */
export interface TrainingPlace extends Disposable {
  readonly folder: string;
  readonly model: string;
  readonly photos: string;
  /** A command line of two passes over the photos in batches of two. */
  call(command: "train" | "pretrain", out: string, ...more: string[]): string[];
}

export async function trainingPlace(device: "wasm" | "webgpu"): Promise<TrainingPlace> {
  const folder = mkdtempSync(join(tmpdir(), "albef-train-"));
  const [model, photos] = [join(folder, "small"), join(folder, "photos")];
  await writeSmallModel(model, { like: join(weightsFolder, "albef-mini"), dropout: 0.1 });
  mkdirSync(photos);
  for (const name of PICTURES) {
    copyFileSync(join(weightsFolder, "gallery", `${name}.webp`), join(photos, `${name}.webp`));
    writeFileSync(join(photos, `${name}.txt`), `a ${name.split("-")[0]}`);
  }
  const short = ["--data", photos, "--batch-size", "2", "--epochs", "2", "--held-out", "0", "--device", device];
  return {
    ...{ folder, model, photos },
    call: (command, out, ...more) => [command, model, ...short, "--out", join(folder, out), ...more],
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

export interface KillOptions {
  /** Passes of two steps: enough that the process is not done before it is killed after its third step. */
  readonly epochs: number;
  readonly more?: readonly string[];
}

/** A pre-training whose process is killed, and resumed, ends in the bits of one that was not. */
export async function expectSameAfterKill(
  { folder, call }: TrainingPlace,
  { printed, failed }: ReturnType<typeof watchedConsole>,
  { epochs, more = [] }: KillOptions,
): Promise<void> {
  const options = ["--save-every", "2", "--queue-size", "4", "--epochs", `${epochs}`, ...more];
  expect(await main(call("pretrain", "whole", ...options)), failed()).toBe(0);
  await killedAfter(3, call("pretrain", "killed", ...options), join(folder, "killed", "log.csv"));
  writeFileSync(join(folder, "killed", "state.safetensors.new"), "half of a st");
  expect(await main(call("pretrain", "killed", ...options)), "a training is not begun over another").toBe(2);
  expect(await main(call("pretrain", "killed", ...options, "--resume")), failed()).toBe(0);
  expect(printed()).toMatch(/goes on after step \d*[02468]\n/);
  const file = (out: string, name: string) => readFileSync(join(folder, out, name));
  for (const name of ["state.safetensors", "adapter.safetensors", "model/model.safetensors"]) {
    expect(file("killed", name).equals(file("whole", name)), name).toBe(true);
  }
  expect(existsSync(join(folder, "killed", "state.safetensors.new"))).toBe(false);
  const losses = (out: string) => rowsOf(join(folder, out, "log.csv")).map((row) => row.split(",").slice(0, 6));
  expect(losses("killed")).toEqual(losses("whole"));
  expect(losses("whole").map(([step]) => step)).toEqual(Array.from({ length: 2 * epochs }, (_, i) => `${i + 1}`));
}

const rowsOf = (path: string) => (existsSync(path) ? readFileSync(path, "utf8").trim().split("\n").slice(1) : []);

/** Starts a training in a process of its own and ends that without warning once its log tells of a step. */
async function killedAfter(steps: number, args: readonly string[], log: string): Promise<void> {
  const entry = fileURLToPath(new URL("../cli/main.ts", import.meta.url));
  const child = spawn(process.execPath, ["--conditions=@albef/source", "--import", "tsx", entry, ...args], {
    cwd: join(weightsFolder, ".."),
  });
  const ended = new Promise((resolve) => child.once("exit", (_code, signal) => resolve(signal)));
  let said = "";
  child.stderr.on("data", (chunk) => {
    said += chunk;
  });
  while (rowsOf(log).length < steps && child.exitCode === null) await wait(20);
  child.kill("SIGKILL");
  expect(await ended, said).toBe("SIGKILL");
}
