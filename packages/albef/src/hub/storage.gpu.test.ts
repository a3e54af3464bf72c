import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { cdp, commands } from "vitest/browser";
import type { ServedSmallModel } from "../../../../scripts/lib/serve-commands.ts";
import type { ProgressEvent } from "../types.ts";
import { clearCache } from "./cache.ts";
import { openSource } from "./open-source.ts";

let served: ServedSmallModel;
let name: string;
beforeAll(async () => {
  served = await commands.serveSmallModel();
  name = served.files.find((file) => file.endsWith(".safetensors"))!;
});
afterEach(async () => {
  vi.restoreAllMocks();
  await clearCache();
});

async function load() {
  const notes: string[] = [];
  const onProgress = ({ note }: ProgressEvent) => void (note && notes.push(note));
  const blob = await (await openSource(served.url, { onProgress })).open(name);
  return { size: blob!.size, notes };
}

test("two tabs: one downloads, the other waits and takes what is there", async () => {
  const tabs = [0, 1].map(() => new Worker(new URL("../testing/load-worker.ts", import.meta.url), { type: "module" }));
  const results = await Promise.all(
    tabs.map(
      (tab) =>
        new Promise<{ size: number; downloaded: number }>((resolve, reject) => {
          tab.onmessage = ({ data }) => resolve(data);
          tab.onerror = (event) => reject(new Error(event.message));
          tab.postMessage({ url: served.url, name });
        }),
    ),
  );
  for (const tab of tabs) tab.terminate();
  const { size } = results[0]!;
  expect(size).toBeGreaterThan(1000);
  expect(results.map((result) => result.size)).toEqual([size, size]);
  expect(results.map(({ downloaded }) => downloaded).sort((a, b) => a - b)).toEqual([0, size]);
});

test("a private window, which gives no storage: loaded into memory, and told", async () => {
  const refused = new DOMException("denied", "SecurityError");
  vi.spyOn(navigator.storage, "getDirectory").mockRejectedValue(refused);
  vi.spyOn(caches, "open").mockRejectedValue(refused);
  const { size, notes } = await load();
  expect(size).toBeGreaterThan(1000);
  expect(notes).toEqual([expect.stringMatching(/private window .* kept in memory for this session/)]);
});

test("storage that is there but cannot be written: the rest is kept in memory, and told", async () => {
  const refused = new DOMException("gone", "InvalidStateError");
  vi.spyOn(FileSystemFileHandle.prototype, "createWritable").mockRejectedValue(refused);
  const { size, notes } = await load();
  expect(size).toBeGreaterThan(1000);
  expect(notes).toEqual([expect.stringMatching(/the cache cannot be written \(InvalidStateError: gone\): .* memory/)]);
});

test("storage that is full: the rest is kept in memory, and told", async () => {
  const { origin } = location;
  const browser = cdp() as { send(method: string, options: object): Promise<unknown> };
  await browser.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 20_000 });
  try {
    const { size, notes } = await load();
    expect(size).toBeGreaterThan(20_000);
    expect(notes).toEqual(["the browser's storage is full: what is left is kept in memory for this session"]);
  } finally {
    await browser.send("Storage.overrideQuotaForOrigin", { origin });
  }
});
