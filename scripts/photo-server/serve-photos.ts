// The photo server of the examples on PGlite, and a small model, for pages of another origin until stdin ends. Prints one
// line of JSON: both addresses, and the names of the photos.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PGlite } from "@electric-sql/pglite";
import { vector } from "@electric-sql/pglite-pgvector";
import { serveFiles } from "../../packages/albef/src/testing/file-server.ts";
import { writeSmallModel } from "../../packages/albef/src/testing/small-model.ts";
import { answersOtherOrigins } from "../lib/cross-origin.ts";

const NAMES = ["pizza-twemoji.webp", "sailboat-fluent-3d.webp", "sunflower-emojione.webp"];
const weights = fileURLToPath(new URL("../../weights/", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "albef-photo-server-"));
process.on("exit", () => rmSync(folder, { recursive: true }));

for (const name of NAMES) cpSync(join(weights, "gallery", name), join(folder, "photos", name));
await writeSmallModel(join(folder, "model"), { like: join(weights, "albef-mini") });
const files = readdirSync(join(folder, "model")).map(
  (name) => [name, readFileSync(join(folder, "model", name))] as const,
);
const models = await serveFiles(new Map(files));
models.intercept = answersOtherOrigins;

const example = new URL("../../examples/photo-server/server.mjs", import.meta.url).href;
const { photoServer } = (await import(example)) as { photoServer(options: object): Server };
const client = await PGlite.create({ extensions: { vector } });
const photos = photoServer({ client, photos: join(folder, "photos") });
const front = createServer((request, response) => {
  if (!answersOtherOrigins(request, response)) photos.emit("request", request, response);
});
await new Promise<void>((done) => front.listen(0, "127.0.0.1", done));
const address = `http://127.0.0.1:${(front.address() as AddressInfo).port}/`;
console.log(JSON.stringify({ model: models.url, photos: address, names: NAMES }));
process.stdin.resume().on("end", () => process.exit(0));
