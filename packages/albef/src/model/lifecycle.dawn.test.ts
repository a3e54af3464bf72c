import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { create, globals } from "webgpu";
import { Albef } from "../albef.ts";
import { IntegrityError } from "../errors.ts";
import { manifestOf, serveFiles } from "../testing/file-server.ts";
import { liveBuffers } from "../testing/live-buffers.ts";
import { writeSmallModel } from "../testing/small-model.ts";

const weights = fileURLToPath(new URL("../../../../weights/", import.meta.url));
const photo = (id: string) => ({ id, image: new Uint8Array(readFileSync(`${weights}gallery/${id}`)) });

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "albef-lifecycle-"));
  await writeSmallModel(folder, { like: `${weights}albef-mini` });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A device whose live buffers are counted, and the GPU object that has to outlive it: Dawn crashes without. */
async function countedDevice() {
  Object.assign(globalThis, globals);
  const gpu = create([]);
  const adapter = await gpu.requestAdapter();
  const device = await adapter!.requestDevice();
  return { gpu, device, live: liveBuffers(device) };
}

test("models and galleries made and freed in a loop leave no buffer on the page's device", async () => {
  const { gpu, device, live } = await countedDevice();
  const peaks: number[] = [];
  for (let i = 0; i < 2; i++) {
    const model = await Albef.fromPretrained(folder, { device });
    const gallery = await model.gallery([photo("pizza-twemoji.webp"), photo("sailboat-fluent-3d.webp")]);
    const hits = await gallery.search("a sailboat", { rerank: 2 });
    expect(hits).toHaveLength(2);
    peaks.push([...live.values()].reduce((sum, size) => sum + size, 0));
    gallery.dispose();
    model.dispose();
    await new Promise((resolve) => setTimeout(resolve)); // what is queued frees itself at the end
    expect(live.size).toBe(0);
  }
  expect(peaks[0]).toBeGreaterThan(1e5);
  expect(new Set(peaks).size).toBe(1);
  device.destroy();
  expect(gpu).toBeDefined(); // held until here: Dawn crashes once its GPU object is collected
});

test("weights that turn out damaged leave nothing on the device", async () => {
  const { gpu, device, live } = await countedDevice();
  const names = ["config.json", "tokenizer.json", "model.safetensors"];
  await using server = await serveFiles(new Map(names.map((name) => [name, readFileSync(join(folder, name))])));
  server.files.set("manifest.json", manifestOf(server.files));
  const damaged = Uint8Array.from(server.files.get("model.safetensors")!);
  damaged[damaged.length - 2]! ^= 1;
  server.files.set("model.safetensors", damaged);
  let most = 0;
  const onProgress = () => {
    most = Math.max(most, live.size);
  };
  await expect(Albef.fromPretrained(server.url, { device, cache: "memory", onProgress })).rejects.toThrow(
    IntegrityError,
  );
  await new Promise((resolve) => setTimeout(resolve, 200)); // programs that were compiling free themselves at the end
  expect(most).toBeGreaterThan(0);
  expect(live.size).toBe(0);
  device.destroy();
  expect(gpu).toBeDefined();
});
