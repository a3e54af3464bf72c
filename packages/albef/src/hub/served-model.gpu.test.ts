import { afterEach, beforeAll, expect, test } from "vitest";
import { cdp, commands } from "vitest/browser";
import type { ServedSmallModel } from "../../../../scripts/lib/serve-commands.ts";
import { QuotaError } from "../errors.ts";
import { loadModel } from "../model/load.ts";
import type { ProgressEvent } from "../types.ts";
import { cachedModels, clearCache } from "./cache.ts";

let served: ServedSmallModel;
beforeAll(async () => {
  served = await commands.serveSmallModel();
});
afterEach(() => clearCache());

function partsOf(values: readonly number[], count: number): number[][] {
  const size = values.length / count;
  return Array.from({ length: count }, (_, i) => values.slice(i * size, (i + 1) * size));
}

test("a converted .pth in several files, served by another origin, loads and gives the recorded features", async () => {
  expect(served.files.filter((name) => name.endsWith(".safetensors")).length).toBeGreaterThan(2);
  const events: ProgressEvent[] = [];
  const onProgress = (event: ProgressEvent) => void events.push(event);
  const model = await loadModel(served.url, { device: "webgpu", onProgress });
  const pixels = partsOf(served.image, served.batch).map((image) => Float32Array.from(image));
  const masks = partsOf(served.attentionMask, served.batch);
  const tokens = partsOf(served.inputIds, served.batch).map((ids, i) => ({
    inputIds: Int32Array.from(ids),
    attentionMask: Float32Array.from(masks[i]!),
  }));
  const images = await model.engine.encodeImages(pixels);
  const texts = await model.engine.encodeTexts(tokens);
  for (const [encoded, wanted] of [
    [images, served.imageFeatures],
    [texts, served.textFeatures],
  ] as const) {
    const actual = encoded.flatMap(({ feature }) => [...feature]);
    expect(actual).toHaveLength(wanted.length);
    for (const [i, value] of wanted.entries()) expect(Math.abs(actual[i]! - value)).toBeLessThan(2e-5);
  }
  model.dispose();
  const verified = new Set(events.filter(({ phase }) => phase === "verify").map(({ file }) => file));
  expect([...verified].filter((name) => name.endsWith(".safetensors")).length).toBeGreaterThan(2);
  expect((await cachedModels()).map(({ source }) => source)).toContain(served.url);
});

test("a browser that gives no room: the cache asked for says so and what to do, without one by name it loads", async () => {
  const { origin } = location;
  const storage = cdp() as { send(method: string, options: object): Promise<unknown> };
  await storage.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 100_000 });
  try {
    const loading = loadModel(served.url, { device: "webgpu", cache: "opfs" });
    await expect(loading).rejects.toThrow(QuotaError);
    await expect(loading).rejects.toThrow(/safetensors: no space to keep 0\.\d MB .*or load with cache: "memory"/);
    (await loadModel(served.url, { device: "webgpu" })).dispose(); // what does not fit stays in memory
  } finally {
    await storage.send("Storage.overrideQuotaForOrigin", { origin });
  }
});
