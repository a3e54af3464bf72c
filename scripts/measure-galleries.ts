// Gallery stores at size, as docs/galleries.md has it: npm run measure:galleries -- [ROWS] [memory|pgvector|libsql]
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createWebGpuExecutor } from "@albef/core";
import { createClient } from "@libsql/client";
import type { GalleryStore, StoredPicture } from "albef";
import { libsqlStore, pgVectorStore } from "albef/stores";
import pg from "pg";
import { create, globals } from "webgpu";
import { memoryStore } from "../packages/albef/src/gallery/memory-store.ts";
import { servePostgres } from "../packages/albef/src/testing/pg-server.ts";

const ROWS = Number(process.argv[2] ?? 100_000);
const WIDTH = 256; // of the official models
const BATCH = 500;
const SEARCHES = 20;
const ALBUMS = 100;
const MODEL = { fingerprint: "measured", width: WIDTH };

/** Unit vectors around a few hundred centres, as photos are, the same in every run. */
function pictureAt(i: number): StoredPicture {
  const centre = unit(i % 300);
  const own = unit(1_000_000 + i);
  const feature = centre.map((value, k) => 0.8 * value + 0.6 * own[k]!);
  const norm = Math.hypot(...feature);
  return { id: `photos/${i}.jpg`, feature: feature.map((value) => value / norm), meta: { album: i % ALBUMS } };
}

function unit(seed: number): Float32Array {
  let state = Math.imul(seed + 1, 2654435761) >>> 0;
  const vector = Float32Array.from({ length: WIDTH }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
  const norm = Math.hypot(...vector);
  return vector.map((value) => value / norm);
}

const queries = Array.from({ length: SEARCHES }, (_, i) => pictureAt(ROWS + i * 7).feature);

async function seconds(work: () => Promise<void>): Promise<number> {
  const begin = performance.now();
  await work();
  return (performance.now() - begin) / 1000;
}

/** Ids of the first ten of each query by the store measured first: all but hnsw are exact. */
let truth: readonly ReadonlySet<string>[] | undefined;

interface Measured {
  readonly name: string;
  readonly store: GalleryStore;
  sizeBytes(): Promise<number> | number;
  /** Default: puts all pictures in batches. */
  fill?(): Promise<void>;
}

async function putAll(store: GalleryStore): Promise<void> {
  for (let i = 0; i < ROWS; i += BATCH) {
    await store.put(Array.from({ length: Math.min(BATCH, ROWS - i) }, (_, k) => pictureAt(i + k)));
  }
}

async function measure({ name, store, sizeBytes, fill = () => putAll(store) }: Measured): Promise<void> {
  await store.open(MODEL);
  const filling = await seconds(fill);
  await store.nearest(queries[0]!, { k: 10 }); // compiles, warms
  const found: ReadonlySet<string>[] = [];
  const plain = await seconds(async () => {
    for (const query of queries) found.push(new Set((await store.nearest(query, { k: 10 })).map(({ id }) => id)));
  });
  const filtered = await seconds(async () => {
    for (const query of queries) await store.nearest(query, { k: 10, where: { album: 7 } });
  });
  truth ??= found;
  const right = found.reduce((sum, ids, i) => sum + [...ids].filter((id) => truth![i]!.has(id)).length, 0);
  const ms = (total: number) => `${((1000 * total) / SEARCHES).toFixed(1)} ms`;
  const recall = `${((100 * right) / (10 * SEARCHES)).toFixed(1)} %`;
  const size = `${((await sizeBytes()) / 1e6).toFixed(0)} MB`;
  console.log(`| ${[name, `${filling.toFixed(0)} s`, ms(plain), ms(filtered), recall, size].join(" | ")} |`);
}

async function memory(): Promise<void> {
  Object.assign(globalThis, globals);
  const gpu = create([]);
  const executor = await createWebGpuExecutor({ gpu });
  const held = { executor, gpu }; // Dawn crashes once its GPU object is collected
  for (const dtype of ["f32", "f16", "int8"] as const) {
    using store = memoryStore(held.executor, { ...MODEL, dtype });
    await measure({ name: `memory, ${dtype}`, store, sizeBytes: () => store.saved().features.values.byteLength });
  }
  console.log(`\n${held.executor.description}`);
}

async function pgvector(): Promise<void> {
  const server = await servePostgres();
  const client = new pg.Client(server.connection);
  await client.connect();
  const sizeBytes = async () => {
    const { rows } = await client.query("SELECT pg_total_relation_size('albef_pictures') AS size");
    return Number(rows[0].size);
  };
  const store = pgVectorStore(client);
  await measure({ name: "pgvector, all rows", store, sizeBytes });
  await client.query("SET hnsw.iterative_scan = strict_order");
  await client.query("SET maintenance_work_mem = '512MB'");
  // Filled first and indexed then: many times faster than row by row.
  const fill = () => pgVectorStore(client, { index: "hnsw" }).open(MODEL);
  await measure({ name: "pgvector, hnsw", store, sizeBytes, fill });
  await client.end();
  await server.stop();
}

async function libsql(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "albef-galleries-"));
  const client = createClient({ url: `file:${join(folder, "pictures.db")}` });
  const sizeBytes = async () => {
    const { rows } = await client.execute(
      "SELECT page_count * page_size AS size FROM pragma_page_count, pragma_page_size",
    );
    return Number(rows[0]!.size);
  };
  await measure({ name: "libSQL", store: libsqlStore(client), sizeBytes });
  client.close();
  rmSync(folder, { recursive: true });
}

const kinds = { memory, pgvector, libsql };
const wanted = Object.entries(kinds).filter(([name]) => !process.argv[3] || process.argv[3] === name);
console.log(`${ROWS} pictures of width ${WIDTH}, put in batches of ${BATCH}\n`);
console.log("| store | filled in | search | filtered to 1 % | of the true first ten | size |");
console.log("|---|---|---|---|---|---|");
for (const [, run] of wanted) await run();
process.exit(0);
