import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { create, globals } from "webgpu";
import { type LoadedModel, loadModel } from "../model/load.ts";
import { galleryPicture, weightsFolder } from "../testing/pictures.ts";
import { writeSmallModel } from "../testing/small-model.ts";
import { RETRIEVAL_GOAL, startTraining } from "./index.ts";

const gpu = create(["backend=null"]); // its devices have the limits of every adapter: 128 MiB for what a kernel sees
let folder: string;
let model: LoadedModel;
beforeAll(async () => {
  Object.assign(globalThis, globals, { gpu }); // kept: Dawn crashes once its GPU object is collected
  folder = mkdtempSync(join(tmpdir(), "albef-memory-"));
  await writeSmallModel(folder, { like: join(weightsFolder, "albef-mini"), sizes: { image_res: 256, patch_size: 4 } });
  const adapter = await gpu.requestAdapter();
  model = await loadModel(folder, { device: await adapter!.requestDevice() });
});
afterAll(() => {
  model.dispose();
  rmSync(folder, { recursive: true });
});

test("a batch of which one piece is more than the device binds: an error names it and what saves how much, and nothing is made", async () => {
  const image = new Blob([galleryPicture("pizza-twemoji") as Uint8Array<ArrayBuffer>]);
  const pairs = Array.from({ length: 128 }, (_, i) => ({ image, caption: "a pizza", id: `${i}` }));
  const { executor } = model.engine;
  const before = executor.memory();
  const options = { goal: RETRIEVAL_GOAL, publish: (tuned: LoadedModel) => tuned, batchSize: 128, heldOut: 0 };
  await expect(startTraining(model, pairs, options)).rejects.toThrow(
    // queries, keys and values of 128 pictures with 4097 tokens
    /one piece of the activations, linear f32\[128,4097,96\], takes 201\.4 MB, a buffer of this device 134\.2 MB at most\. What saves: batchSize: 64 with accumulate: 2 100\.7 MB \(then it fits\)/,
  );
  expect(executor.memory()).toEqual(before);
}, 120_000);
