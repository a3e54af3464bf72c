import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DeviceError } from "@albef/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { create, globals } from "webgpu";
import { Albef } from "../albef.ts";
import { liveBuffers } from "../testing/live-buffers.ts";
import { drawnThings } from "../testing/makers.ts";
import { weightsFolder } from "../testing/pictures.ts";
import { writeSmallModel } from "../testing/small-model.ts";
import type { FinetuneOptions } from "../training/types.ts";
import type { AlbefModel, ProgressEvent } from "../types.ts";

const gpu = create(["backend=null"]); // validates and counts all, computes nothing
let folder: string;
beforeAll(async () => {
  Object.assign(globalThis, globals, { gpu }); // kept: Dawn crashes once its GPU object is collected
  folder = mkdtempSync(join(tmpdir(), "albef-device-loss-"));
  await writeSmallModel(folder, { like: `${weightsFolder}albef-mini` });
});
afterAll(() => rmSync(folder, { recursive: true }));

async function openDevice(): Promise<GPUDevice> {
  return (await gpu.requestAdapter())!.requestDevice(); // default limits and no features: what every adapter has
}

async function load(): Promise<{ device: GPUDevice; model: AlbefModel }> {
  const device = await openDevice();
  return { device, model: await Albef.fromPretrained(folder, { device }) };
}

test("on arrival, or while weights are uploaded: the load fails", async () => {
  const lost = await openDevice();
  lost.destroy();
  await expect(Albef.fromPretrained(folder, { device: lost })).rejects.toThrow(/device lost: destroyed/);
  const device = await openDevice();
  const onProgress = ({ phase }: ProgressEvent) => void (phase === "upload" && device.destroy());
  const loading = Albef.fromPretrained(folder, { device, onProgress });
  await expect(loading).rejects.toThrow(DeviceError);
  await expect(loading).rejects.toThrow(/device lost: destroyed/);
});

test("in the middle of inference: that call and all later ones fail", async () => {
  const { model, device } = await load();
  const encoding = model.encodeTexts(["a dog", "a cat", "a cow", "a pig"], {
    onProgress: ({ phase, loaded }) => void (phase === "compile" && loaded === 1 && device.destroy()),
  });
  await expect(encoding).rejects.toThrow(DeviceError);
  await expect(encoding).rejects.toThrow(/device lost: destroyed/);
  await expect(model.encodeTexts(["a dog", "a cat"])).rejects.toThrow(/device lost: destroyed/);
  await expect(model.matchScores(drawnThings[0]!.shown, ["a dog"])).rejects.toThrow(/device lost: destroyed/);
  model.dispose();
});

test("in the middle of a training step: the loop ends, and what was saved before goes on elsewhere", async () => {
  const pairs = drawnThings.slice(0, 4).map(({ word, shown }) => ({ id: word, image: shown, caption: word }));
  const options: FinetuneOptions = { batchSize: 2, epochs: 2, heldOut: 0, learningRate: 1e-3, alpha: 0 };
  const { model, device } = await load();
  const training = await model.finetune(pairs, options);
  const steps = training[Symbol.asyncIterator]();
  await steps.next();
  const saved = await training.save();
  const writeBuffer = device.queue.writeBuffer.bind(device.queue);
  device.queue.writeBuffer = (...given) => {
    writeBuffer(...(given as Parameters<typeof writeBuffer>));
    device.destroy();
  };
  await expect(steps.next()).rejects.toThrow(/device lost: destroyed/);
  await expect(training.save()).rejects.toThrow(/device lost: destroyed/);
  training.dispose();
  model.dispose();
  const again = await load();
  using resumed = await again.model.finetune(pairs, { ...options, resume: saved });
  const rest: number[] = [];
  for await (const { step } of resumed) rest.push(step);
  expect(rest).toEqual([2, 3, 4]);
  again.model.dispose();
  again.device.destroy();
});

test("a hundred models loaded and freed leave nothing on the device", async () => {
  const device = await openDevice();
  const live = liveBuffers(device);
  for (let i = 0; i < 100; i++) {
    const model = await Albef.fromPretrained(folder, { device });
    expect(live.size).toBeGreaterThan(0);
    model.dispose();
    expect(live.size).toBe(0);
  }
  device.destroy();
});
