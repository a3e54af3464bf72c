import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { createTfjsExecutor } from "@albef/core/tfjs";
import { createClient } from "@libsql/client";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { GalleryStoreError } from "../../errors.ts";
import { servePostgres } from "../../testing/pg-server.ts";
import { checkedStore } from "../checked-store.ts";
import { memoryStore } from "../memory-store.ts";
import type { GalleryStore, StoredPicture, StoreModel } from "../store.ts";
import { httpStore } from "./http.ts";
import { storeHandler } from "./http-handler.ts";
import { libsqlStore } from "./libsql.ts";
import { type PgVectorStoreOptions, pgVectorStore } from "./pgvector.ts";

const WIDTH = 24;
const MODEL = { fingerprint: "a model", width: WIDTH };

/** Opens stores of one kind: `fresh` gives an empty one, `again` the one opened last, as another user. */
interface Kind {
  fresh(model: StoreModel): Promise<GalleryStore>;
  again?(): Promise<GalleryStore>;
  close(): Promise<void>;
}

async function memory(): Promise<Kind> {
  const tf = await import("@tensorflow/tfjs-core");
  await import("@tensorflow/tfjs-backend-cpu");
  await tf.setBackend("cpu");
  const executor = await createTfjsExecutor(tf);
  return {
    fresh: async (model) => memoryStore(executor, { ...model, dtype: "f32" }),
    close: async () => executor.dispose(),
  };
}

/** One PostgreSQL for all kinds that want one. */
const server = servePostgres();
afterAll(async () => (await server).stop());

async function postgres(prefix: string, options: PgVectorStoreOptions = {}): Promise<Kind> {
  const client = new pg.Client((await server).connection);
  await client.connect();
  return {
    ...tables((table) => pgVectorStore(client, { ...options, table: prefix + table })),
    close: () => client.end(),
  };
}

async function pglite(): Promise<Kind> {
  const { db } = await server;
  const ours = tables((table) => pgVectorStore(db, { table: `embedded_${table}`, type: "vector" }));
  return { ...ours, close: async () => undefined };
}

/** A fresh table for each store. */
function tables(open: (table: string) => GalleryStore): Omit<Kind, "close"> {
  let count = 0;
  return { fresh: async () => open(`t${++count}`), again: async () => open(`t${count}`) };
}

async function libsql(): Promise<Kind> {
  const client = createClient({ url: ":memory:" });
  return { ...tables((table) => libsqlStore(client, { table })), close: async () => client.close() };
}

async function http(): Promise<Kind> {
  const behind = await libsql();
  let handle = storeHandler(await behind.fresh(MODEL));
  const server = createServer(async (request, response) => {
    const body = Readable.toWeb(request) as ReadableStream<Uint8Array>;
    const answer = await handle(
      new Request("http://localhost", { method: "POST", body, duplex: "half" } as RequestInit),
    );
    response.writeHead(answer.status).end(await answer.text());
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return {
    async fresh(model) {
      handle = storeHandler(await behind.fresh(model));
      return httpStore(url);
    },
    again: async () => httpStore(url),
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
      await behind.close();
    },
  };
}

/** Unit vectors that are the same in every run. */
function unitVector(seed: number): Float32Array {
  const vector = Float32Array.from({ length: WIDTH }, (_, i) => Math.sin(seed * 7919 + i * i * 0.37 + i * seed));
  const norm = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return vector.map((value) => value / norm);
}

const picture = (seed: number, meta?: StoredPicture["meta"]): StoredPicture => ({
  id: `picture ${seed}`,
  feature: unitVector(seed),
  ...(meta && { meta }),
});
const cosine = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

const kinds: Readonly<Record<string, () => Promise<Kind>>> = {
  "in memory": memory,
  "PostgreSQL over its wire protocol": () => postgres("wire_"),
  "PostgreSQL with an hnsw index": () => postgres("hnsw_", { index: "hnsw" }),
  "PGlite, embedded, f32": pglite,
  libSQL: libsql,
  "HTTP, libSQL behind it": http,
};

describe.each(Object.entries(kinds))("a gallery store: %s", (_name, start) => {
  let kind: Kind;
  let store: GalleryStore;
  beforeAll(async () => {
    kind = await start();
  }, 60_000);
  afterAll(() => kind.close());
  beforeEach(async () => {
    store = checkedStore(await kind.fresh(MODEL));
    await store.open(MODEL);
  });

  test("an empty one finds nothing", async () => {
    expect(await store.count()).toBe(0);
    expect(await store.nearest(unitVector(1), { k: 3 })).toEqual([]);
    expect(await store.feature("nobody")).toBeUndefined();
    expect(await store.remove(["nobody"])).toBe(0);
    await store.put([]);
  });

  test("pictures put in batches are found, best first, as all cosines say", async () => {
    const pictures = Array.from({ length: 250 }, (_, i) => picture(i));
    for (let i = 0; i < 250; i += 100) await store.put(pictures.slice(i, i + 100));
    expect(await store.count()).toBe(250);
    const query = unitVector(1000);
    const exact = pictures.map(({ id, feature }) => ({ id, score: cosine(feature, query) }));
    exact.sort((a, b) => b.score - a.score);
    const found = await store.nearest(query, { k: 10 });
    expect(found.map(({ id }) => id)).toEqual(exact.slice(0, 10).map(({ id }) => id));
    for (const [i, { score }] of found.entries()) expect(Math.abs(score - exact[i]!.score)).toBeLessThan(2e-3);
    const kept = (await store.feature("picture 17"))!;
    expect(cosine(kept, unitVector(17))).toBeCloseTo(1, 3);
  });

  test("a picture put again replaces the one before; of one given twice the last counts", async () => {
    await store.put([picture(1, { album: "a" }), picture(2)]);
    await store.put([{ ...picture(3), id: "picture 1" }]);
    await store.put([picture(4), { ...picture(5), id: "picture 4" }]);
    expect(await store.count()).toBe(3);
    const [first] = await store.nearest(unitVector(3), { k: 1 });
    expect(first).toMatchObject({ id: "picture 1" });
    expect(first!.meta).toBeUndefined();
    expect(cosine((await store.feature("picture 4"))!, unitVector(5))).toBeCloseTo(1, 3);
  });

  test("what is removed is not found; the rest is", async () => {
    await store.put([1, 2, 3, 4].map((seed) => picture(seed)));
    expect(await store.remove(["picture 2", "picture 4", "picture 4", "nobody"])).toBe(2);
    const found = await store.nearest(unitVector(2), { k: 10 });
    expect(found.map(({ id }) => id).sort()).toEqual(["picture 1", "picture 3"]);
    expect(await store.missing(["picture 4", "picture 3", "x", "picture 4"])).toEqual(["picture 4", "x"]);
  });

  test("filters choose by value, by one of some values, by several names; types are told apart", async () => {
    await store.put([
      picture(1, { album: "Zoé's", year: 2023, liked: true }),
      picture(2, { album: "b", year: 2024, liked: false }),
      picture(3, { album: "b", year: "2024" }),
      picture(4),
    ]);
    const found = async (where: NonNullable<Parameters<GalleryStore["nearest"]>[1]["where"]>) =>
      (await store.nearest(unitVector(9), { k: 10, where })).map(({ id }) => id.at(-1)).sort();
    expect(await found({ album: "b" })).toEqual(["2", "3"]);
    expect(await found({ album: ["b", "Zoé's"] })).toEqual(["1", "2", "3"]);
    expect(await found({ album: "b", year: 2024 })).toEqual(["2"]);
    expect(await found({ liked: true })).toEqual(["1"]);
    expect(await found({ liked: [true, false] })).toEqual(["1", "2"]);
    expect(await found({ missing: 1 })).toEqual([]);
    expect(await found({ album: "' OR 1=1 --" })).toEqual([]);
    const [hit] = await store.nearest(unitVector(1), { k: 1, where: { year: 2023 } });
    expect(hit!.meta).toEqual({ album: "Zoé's", year: 2023, liked: true });
  });

  test("hostile and mistaken values are refused by name, and nothing of their batch is kept", async () => {
    const feature = unitVector(1);
    const bad: readonly [StoredPicture, RegExp][] = [
      [{ id: "", feature }, /1 to 1000 characters/],
      [{ id: "a\0b", feature }, /an id is text/],
      [{ id: "x", feature: feature.subarray(1) }, /Float32Array of 24, got 23/],
      [{ id: "x", feature: feature.with(3, Number.NaN) }, /has length NaN/],
      [{ id: "x", feature: feature.map((value) => value * 2) }, /has length 2/],
      [{ id: "x", feature, meta: { "a b": 1 } }, /meta of "x"/],
      [{ id: "x", feature, meta: { a: Number.POSITIVE_INFINITY } }, /meta of "x"/],
    ];
    for (const [spoilt, message] of bad) {
      const putting = store.put([picture(1), spoilt]);
      await expect(putting).rejects.toThrow(GalleryStoreError);
      await expect(putting).rejects.toThrow(message);
    }
    expect(await store.count()).toBe(0);
    await expect(checkedStore(store).open({ fingerprint: "x", width: 1e9 })).rejects.toThrow(/width of its features/);
    await expect(store.nearest(feature, { k: 0 })).rejects.toThrow(/k must be 1 to/);
    await expect(store.nearest(feature, { k: 1, where: { "a'": 1 } })).rejects.toThrow(/where/);
    await expect(store.nearest(new Float32Array(WIDTH), { k: 1 })).rejects.toThrow(/has length 0/);
  });

  test("names from other alphabets, quotes and long ids are kept as they are", async () => {
    const ids = ["été 🏖.jpg", 'a "quoted" \\ name', "'; DROP TABLE t1; --", "x".repeat(1000)];
    await store.put(ids.map((id, i) => ({ id, feature: unitVector(i) })));
    for (const [i, id] of ids.entries()) expect((await store.nearest(unitVector(i), { k: 1 }))[0]!.id).toBe(id);
    expect(await store.remove(ids)).toBe(4);
  });

  test("another user sees the same; another model is refused", async () => {
    if (!kind.again) return;
    await store.put([picture(1)]);
    const other = checkedStore(await kind.again());
    await other.open(MODEL);
    expect(await other.count()).toBe(1);
    const wrong = checkedStore(await kind.again());
    await expect(wrong.open({ ...MODEL, fingerprint: "another model" })).rejects.toThrow(/another model/);
  });
});
