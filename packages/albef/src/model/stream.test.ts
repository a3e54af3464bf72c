import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { IntegrityError } from "../errors.ts";
import { type FileServer, manifestOf, serveFiles } from "../testing/file-server.ts";
import { writeSmallModel } from "../testing/small-model.ts";
import type { ProgressEvent } from "../types.ts";
import { loadModel } from "./load.ts";

const mini = fileURLToPath(new URL("../../../../weights/albef-mini", import.meta.url));
const NAMES = ["config.json", "tokenizer.json", "model.safetensors"];
const PREPARED = 4; // programs: of an image, a text, an image's keys, a match
const TUNING = { chunkBytes: 32_000, parallel: 2, retries: 1, retryDelayMs: 5 };

let folder: string;
let server: FileServer;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "albef-stream-"));
  await writeSmallModel(folder, { like: mini });
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(async () => {
  server = await serveFiles(new Map(NAMES.map((name) => [name, readFileSync(join(folder, name))])));
  server.files.set("manifest.json", manifestOf(server.files));
});
afterEach(() => server.stop());

const load = (onProgress?: (event: ProgressEvent) => void) =>
  loadModel(server.url, { device: "wasm", cache: "memory", transfer: TUNING, ...(onProgress && { onProgress }) });

async function featureOf(model: Awaited<ReturnType<typeof load>>): Promise<Float32Array> {
  const tokens = { inputIds: Int32Array.of(2, 5, 6, 7, 8, 9, 10, 11), attentionMask: new Float32Array(8).fill(1) };
  const [text] = await model.engine.encodeTexts([tokens]);
  return text!.feature;
}

async function wanted(): Promise<Float32Array> {
  const model = await loadModel(folder, { device: "wasm" });
  const feature = await featureOf(model);
  model.dispose();
  return feature;
}

test("weights go to the device and programs compile while the last piece is still on its way", async () => {
  const size = server.files.get("model.safetensors")!.length;
  const last = Math.floor((size - 1) / TUNING.chunkBytes) * TUNING.chunkBytes;
  const held: (() => void)[] = [];
  server.intercept = (request, response: ServerResponse, body) => {
    if (!request.headers.range?.startsWith(`bytes=${last}-`)) return false;
    const range = `bytes ${last}-${size - 1}/${size}`;
    held.push(() => response.writeHead(206, { "content-range": range }).end(body!.subarray(last)));
    return true;
  };
  const events: ProgressEvent[] = [];
  let enough: () => void;
  const early = new Promise<void>((resolve) => {
    enough = resolve;
  });
  const loading = load((event) => {
    events.push(event);
    const uploaded = events.findLast(({ phase }) => phase === "upload")?.loaded ?? 0;
    const compiled = events.filter(({ phase, loaded }) => phase === "compile" && loaded === 1).length;
    if (uploaded > size / 2 && compiled === PREPARED && held.length > 0) enough();
  });
  await early;
  expect(events.filter(({ phase }) => phase === "download").at(-1)!.loaded).toBeLessThan(size);
  server.intercept = undefined;
  for (const send of held) send();
  const model = await loading;
  expect(await featureOf(model)).toEqual(await wanted());
  model.dispose();
});

/** The same file with one bit of its last tensor turned. */
function damaged(): Uint8Array {
  const bytes = Uint8Array.from(server.files.get("model.safetensors")!);
  bytes[bytes.length - 2]! ^= 1;
  return bytes;
}

test("weights that do not have their hash give no model", async () => {
  server.files.set("model.safetensors", damaged());
  await expect(load()).rejects.toThrow(IntegrityError);
});

test("what was damaged on its way once is fetched and brought to the device anew", async () => {
  const whole = server.files.get("model.safetensors")!;
  const bad = damaged();
  let sent = 0;
  server.intercept = (request, response, body) => {
    const [begin, last] = request.headers.range?.match(/\d+/g)?.map(Number) ?? [];
    if (body !== whole || begin === undefined || sent >= whole.length) return false;
    const end = Math.min(last! + 1, bad.length);
    sent += end - begin;
    response.writeHead(206, { "content-range": `bytes ${begin}-${end - 1}/${bad.length}` });
    response.end(bad.subarray(begin, end));
    return true;
  };
  const model = await load();
  expect(sent).toBe(whole.length);
  expect(await featureOf(model)).toEqual(await wanted());
  model.dispose();
});
