import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DownloadError, ModelSourceError } from "../errors.ts";
import { type FileServer, manifestOf, serveFiles } from "../testing/file-server.ts";
import { memoryStore } from "./blob-store.ts";
import { openSource } from "./open-source.ts";
import { withMemory } from "./store.ts";

const CHUNK = 1000;
const SIZE = 12 * CHUNK + 7;
const TUNING = { chunkBytes: CHUNK, parallel: 2, retries: 1, retryDelayMs: 5, stallMs: 2000 };

let server: FileServer;
let folder: string;

/** A plausible safetensors file. */
function weights(seed: number): Uint8Array {
  const bytes = Uint8Array.from({ length: SIZE }, (_, i) => (Math.imul(i + seed, 2654435761) >>> 13) & 255);
  bytes[8] = "{".charCodeAt(0);
  return bytes;
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "albef-storage-"));
  process.env.ALBEF_CACHE = folder;
  server = await serveFiles(new Map([["model.safetensors", weights(1)]]));
});
afterEach(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
  delete process.env.ALBEF_CACHE;
});

async function load(): Promise<Uint8Array> {
  const files = await openSource(server.url, { tuning: TUNING });
  return new Uint8Array(await (await files.open("model.safetensors"))!.arrayBuffer());
}
const gets = () => server.requests.filter(({ method, path }) => method === "GET" && path === "model.safetensors");
/** Piece files of the cache. */
const pieces = async () =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && /^\d+$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));

describe.each([false, true])("with a manifest: %s", (manifest) => {
  beforeEach(() => {
    if (manifest) server.files.set("manifest.json", manifestOf(server.files));
  });

  test("the cache lost a piece between two sessions: the file is whole again", async () => {
    await load();
    const [piece] = await pieces();
    await rm(piece!);
    server.requests.length = 0;
    expect(await load()).toEqual(weights(1));
    expect(gets().length).toBeGreaterThan(0);
    server.requests.length = 0;
    expect(await load()).toEqual(weights(1));
    expect(gets()).toHaveLength(0);
  });

  test("the cache was emptied between two sessions", async () => {
    await load();
    await rm(folder, { recursive: true });
    expect(await load()).toEqual(weights(1));
  });
});

describe("a file that changes while it comes", () => {
  /** Gives the file other contents each time that its sixth piece is asked for, at most `times`. */
  function changing(times: number): void {
    let seed = 1;
    server.intercept = ({ headers }) => {
      if (headers.range?.startsWith(`bytes=${5 * CHUNK}-`) && seed <= times) {
        server.files.set("model.safetensors", weights(++seed));
      }
      return false;
    };
  }

  test("once: it is fetched anew, no two versions are mixed", async () => {
    changing(1);
    expect(await load()).toEqual(weights(2));
  });

  test("again and again: given up", async () => {
    changing(Number.POSITIVE_INFINITY);
    await expect(load()).rejects.toThrow(ModelSourceError);
    await expect(load()).rejects.toThrow(/changed on the server during the download, 3 times/);
  });
});

test("a server that answers every address with its page and status 200: refused, nothing is kept", async () => {
  server.intercept = (_request, response) => {
    response.writeHead(200, { "content-type": "text/html" }).end("<!DOCTYPE html><title>Vite</title>");
    return true;
  };
  const files = await openSource(server.url, { tuning: TUNING });
  for (const name of ["config.json", "model.safetensors"]) {
    await expect(files.open(name)).rejects.toThrow(DownloadError);
    await expect(files.open(name)).rejects.toThrow(/the server answered with a web page; check the address/);
  }
  expect(await pieces()).toEqual([]);
});

test("a store that refuses to write: what it does not take stays in memory, and the reason is told", async () => {
  const full = new DOMException("no space", "QuotaExceededError");
  const refused: unknown[] = [];
  const bytes = Uint8Array.of(1, 2, 3);
  const inner = { ...memoryStore(), put: () => Promise.reject(full) };
  const store = withMemory(inner, (error) => refused.push(error));
  for (const path of ["a/0", "a/1"]) await store.put(path, bytes);
  expect(new Uint8Array(await (await store.get("a/0"))!.arrayBuffer())).toEqual(bytes);
  expect((await store.list("a")).map(({ path }) => path)).toEqual(["a/0", "a/1"]);
  expect(refused).toEqual([full]);
  await store.remove("a");
  expect(await store.get("a/0")).toBeNull();
});
