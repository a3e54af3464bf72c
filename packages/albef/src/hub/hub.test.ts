import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DownloadError, IntegrityError } from "../errors.ts";
import { type FileServer, manifestOf, serveFiles } from "../testing/file-server.ts";
import type { ProgressEvent } from "../types.ts";
import { cachedModels, clearCache } from "./cache.ts";
import { openSource } from "./open-source.ts";

const CHUNK = 1000;
const TUNING = { chunkBytes: CHUNK, parallel: 3, retries: 2, retryDelayMs: 5, stallMs: 400 };

let server: FileServer;
let folder: string;

/** A plausible safetensors file of many chunks. */
function weights(seed: number, size = 25 * CHUNK + 7): Uint8Array {
  const bytes = Uint8Array.from({ length: size }, (_, i) => (Math.imul(i + seed, 2654435761) >>> 13) & 255);
  bytes[8] = "{".charCodeAt(0);
  return bytes;
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "albef-hub-"));
  process.env.ALBEF_CACHE = folder;
  const config = new TextEncoder().encode('{"image_res": 32}');
  server = await serveFiles(
    new Map(
      [
        ["model.safetensors", weights(1)],
        ["config.json", config],
      ].map(([name, data]) => [name as string, data as Uint8Array]),
    ),
  );
});

afterEach(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
  delete process.env.ALBEF_CACHE;
});

const open = (options: Parameters<typeof openSource>[1] = {}) => openSource(server.url, { tuning: TUNING, ...options });
const bytesOf = async (blob: Blob | null) => blob && new Uint8Array(await blob.arrayBuffer());
const gets = (path: string) => server.requests.filter((r) => r.method === "GET" && r.path === path);
const addManifest = () => server.files.set("manifest.json", manifestOf(server.files));

describe("download", () => {
  test("ranged pieces add up to the file, with progress to the last byte", async () => {
    const events: ProgressEvent[] = [];
    const files = await open({ onProgress: (event) => events.push(event) });
    expect(await bytesOf(await files.open("model.safetensors"))).toEqual(weights(1));
    expect(gets("model.safetensors")).toHaveLength(26);
    const loaded = events.filter((e) => e.phase === "download" && e.file === "model.safetensors").map((e) => e.loaded);
    expect(loaded.at(-1)).toBe(25 * CHUNK + 7);
    expect(loaded).toEqual([...loaded].sort((a, b) => a - b));
    expect(events.some((e) => e.phase === "verify")).toBe(true);
  });

  test("a file that the server lacks is null; without ranges the whole file comes", async () => {
    server.ranges = false;
    const files = await open();
    expect(await files.open("recorded.json")).toBeNull();
    expect(await bytesOf(await files.open("model.safetensors"))).toEqual(weights(1));
    expect(gets("model.safetensors")).toHaveLength(1);
  });

  test("a connection that breaks in a piece is taken up where it broke", async () => {
    let breaks = 2;
    server.intercept = (request, response, body) => {
      if (!request.headers.range?.startsWith("bytes=5000-") || breaks-- <= 0) return false;
      response.writeHead(206, {
        etag: etagOf(),
        "content-range": `bytes 5000-5999/${body!.length}`,
        "content-length": 1000,
      });
      response.write(body!.subarray(5000, 5300), () => response.destroy());
      return true;
    };
    const etag = (await fetch(`${server.url}model.safetensors`, { method: "HEAD" })).headers.get("etag")!;
    const etagOf = () => etag;
    expect(await bytesOf(await (await open()).open("model.safetensors"))).toEqual(weights(1));
    expect(server.requests.map((r) => r.range)).toContain("bytes=5300-5999");
  });

  test("after a crash the next session fetches only what is missing", async () => {
    server.intercept = (request, response) => {
      const begin = Number(request.headers.range?.match(/=(\d+)-/)?.[1] ?? 0);
      if (begin < 12 * CHUNK) return false;
      response.destroy();
      return true;
    };
    await expect((await open()).open("model.safetensors")).rejects.toThrow(DownloadError);
    server.intercept = undefined;
    server.requests.length = 0;
    expect(await bytesOf(await (await open()).open("model.safetensors"))).toEqual(weights(1));
    expect(gets("model.safetensors").length).toBeLessThanOrEqual(26 - 12 + 3);
    expect(gets("model.safetensors").some((r) => r.range?.startsWith("bytes=0-"))).toBe(false);
  });

  test("a file that changed since the break starts anew", async () => {
    server.intercept = (request, response) => {
      if (!request.headers.range?.match(/=(?:20)000-/)) return false;
      response.destroy();
      return true;
    };
    await expect((await open()).open("model.safetensors")).rejects.toThrow(DownloadError);
    server.intercept = undefined;
    server.files.set("model.safetensors", weights(2));
    expect(await bytesOf(await (await open()).open("model.safetensors"))).toEqual(weights(2));
  });

  test("a silent server is given up, not waited for", async () => {
    server.intercept = (request, response) => {
      if (request.url !== "/model.safetensors") return false;
      response.writeHead(206, { "content-range": "bytes 0-999/25007" });
      response.write(new Uint8Array(10));
      return true;
    };
    const files = await open({ tuning: { ...TUNING, retries: 1, stallMs: 150 } });
    await expect(files.open("model.safetensors")).rejects.toThrow(/no data for 0.15 s/);
  });

  test("abort ends it with the reason; the next call goes on", async () => {
    const controller = new AbortController();
    const onProgress = (event: ProgressEvent) => {
      if (event.phase === "download" && event.loaded >= 8 * CHUNK) controller.abort(new Error("enough"));
    };
    const files = await open({ signal: controller.signal, onProgress });
    await expect(files.open("model.safetensors")).rejects.toThrow("enough");
    server.requests.length = 0;
    expect(await bytesOf(await (await open()).open("model.safetensors"))).toEqual(weights(1));
    expect(gets("model.safetensors").length).toBeLessThan(26);
  });

  test("server errors and refusals say what to do", async () => {
    const status = { value: 403 };
    server.intercept = (request, response) => {
      if (request.url !== "/config.json") return false;
      response.writeHead(status.value).end();
      return true;
    };
    await expect((await open()).open("config.json")).rejects.toThrow(/answered 403; the file is not public/);
    expect(gets("config.json")).toHaveLength(1);
    status.value = 503;
    await expect((await open()).open("config.json")).rejects.toThrow(/answered 503/);
    expect(gets("config.json")).toHaveLength(1 + 3);
  });

  test("a web page in place of weights is refused and not kept", async () => {
    server.files.set("model.safetensors", new TextEncoder().encode("<!doctype html><p>not here"));
    await expect((await open()).open("model.safetensors")).rejects.toThrow(/answered with a web page/);
    server.files.set("model.safetensors", weights(3));
    expect(await bytesOf(await (await open()).open("model.safetensors"))).toEqual(weights(3));
  });
});

describe("manifest", () => {
  test("a damaged file is fetched once more, then refused", async () => {
    addManifest();
    server.files.set("model.safetensors", weights(9));
    await expect((await open()).open("model.safetensors")).rejects.toThrow(IntegrityError);
    expect(gets("model.safetensors").filter((r) => r.range?.startsWith("bytes=0-"))).toHaveLength(2);
    server.files.set("model.safetensors", weights(1));
    expect(await bytesOf(await (await open()).open("model.safetensors"))).toEqual(weights(1));
  });

  test("decides whether the kept file is still right", async () => {
    addManifest();
    await (await open()).open("model.safetensors");
    server.requests.length = 0;
    await (await open()).open("model.safetensors");
    expect(gets("model.safetensors")).toHaveLength(0);
    server.files.set("model.safetensors", weights(4));
    addManifest();
    expect(await bytesOf(await (await open()).open("model.safetensors"))).toEqual(weights(4));
  });

  test.each([
    ["{", /is not JSON/],
    ['{"files": []}', /must hold an object "files"/],
    ['{"files": {"../x": {"size": 1, "sha256": ""}}}', /not a plain file name/],
    ['{"files": {"x": {"size": -1, "sha256": ""}}}', /size of x must be/],
    ['{"files": {"x": {"size": 1, "sha256": "F"}}}', /64 lower-case hex/],
  ])("%s is refused", async (text, message) => {
    server.files.set("manifest.json", new TextEncoder().encode(text));
    await expect(open()).rejects.toThrow(message);
  });
});

describe("cache", () => {
  test("the second load works without the server", async () => {
    addManifest();
    await (await open()).open("model.safetensors");
    await server.stop();
    const files = await open();
    expect(await bytesOf(await files.open("model.safetensors"))).toEqual(weights(1));
    await expect(files.open("config.json")).rejects.toThrow(/no answer/);
  });

  test("without a manifest the validator decides", async () => {
    await (await open()).open("model.safetensors");
    server.requests.length = 0;
    await (await open()).open("model.safetensors");
    expect(gets("model.safetensors")).toHaveLength(0);
    server.files.set("model.safetensors", weights(5));
    expect(await bytesOf(await (await open()).open("model.safetensors"))).toEqual(weights(5));
  });

  test("lists and removes models; memory keeps nothing", async () => {
    await (await open({ cache: "memory" })).open("config.json");
    expect((await cachedModels()).every((model) => model.sizeBytes < 200)).toBe(true);
    await (await open()).open("model.safetensors");
    const [model] = await cachedModels();
    expect(model!.source).toBe(server.url);
    expect(model!.sizeBytes).toBeGreaterThan(25 * CHUNK);
    await clearCache("http://127.0.0.1:1/other");
    expect(await cachedModels()).toHaveLength(1);
    await clearCache(server.url);
    expect(await cachedModels()).toEqual([]);
  });
});
