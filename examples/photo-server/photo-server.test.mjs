import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PGlite } from "@electric-sql/pglite";
import { vector } from "@electric-sql/pglite-pgvector";
import { Albef } from "albef";
import { httpStore, pgVectorStore, storeHandler } from "albef/stores";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSharedPhotos } from "./browser.mjs";
import { photoServer } from "./server.mjs";

const weights = fileURLToPath(new URL("../../weights/", import.meta.url));
const names = ["pizza-twemoji.webp", "sailboat-fluent-3d.webp", "sunflower-emojione.webp"];

let photos;
let db;
let server;
let model;
let address;
beforeAll(async () => {
  photos = mkdtempSync(join(tmpdir(), "albef-photos-"));
  for (const name of names) cpSync(join(weights, "gallery", name), join(photos, name));
  db = await PGlite.create({ extensions: { vector } });
  server = photoServer({ client: db, photos });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  address = `http://127.0.0.1:${server.address().port}`;
  model = await Albef.fromPretrained(join(weights, "albef-mini"), { device: "wasm" });
}, 60_000);
afterAll(async () => {
  model.dispose();
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  await db.close();
  rmSync(photos, { recursive: true });
});

test("one user's browser indexes, another's searches; nobody indexes twice", async () => {
  const first = await openSharedPhotos(model, address);
  expect((await first.indexMissing()).ids).toEqual(names);
  const second = await openSharedPhotos(model, address);
  expect((await second.indexMissing()).ids).toEqual([]);
  const [best] = await second.search("a sailboat");
  expect(best).toMatchObject({ id: "sailboat-fluent-3d.webp", meta: { type: "webp" } });
  const { rows } = await db.query("SELECT count(*)::int AS count FROM albef_pictures");
  expect(rows).toEqual([{ count: 3 }]);
});

test("the server gives away no file but its photos, and refuses what is no request of a store", async () => {
  expect((await fetch(`${address}/photos/..%2F..%2Fetc%2Fpasswd`)).status).toBe(404);
  expect((await fetch(`${address}/photos/none.webp`)).status).toBe(404);
  const huge = '{"model":{"width":1e9,"fingerprint":"x"},"method":"count"}';
  for (const body of ["", "{", "[]", '{"method":"drop"}', huge]) {
    expect((await fetch(`${address}/index`, { method: "POST", body })).status, body).toBe(400);
  }
  expect((await fetch(`${address}/index`)).status).toBe(400);
  const closed = storeHandler(pgVectorStore(db), { model: { fingerprint: "ours", width: 8 }, readOnly: true });
  const ask = (call) => closed(new Request(`${address}/index`, { method: "POST", body: JSON.stringify(call) }));
  const put = { method: "put", model: { fingerprint: "ours", width: 8 }, pictures: [] };
  expect(await (await ask(put)).json()).toEqual({ error: "the gallery can only be read" });
  const long = new Request(`${address}/index`, { method: "POST", body: " ".repeat(100) });
  expect((await storeHandler(pgVectorStore(db), { maxBodyBytes: 99 })(long)).status).toBe(400);
  const other = httpStore(`${address}/index`);
  await expect(other.open({ fingerprint: "another", width: model.featureSize })).rejects.toThrow(/another model/);
});
