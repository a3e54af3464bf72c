// A photo server: it keeps pictures and, in PostgreSQL with pgvector, their features. The model runs in the browsers.
//   npm install albef pg && DATABASE_URL=postgres://... PHOTOS=photos node server.mjs
import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { createServer } from "node:http";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { pathToFileURL } from "node:url";
import { pgVectorStore, storeHandler } from "albef/stores";

const isPhoto = (name) => /\.(jpe?g|png|webp)$/i.test(name);

/** `client`: anything with pg's `query`. `/index` is the shared index, `/photos` the list, `/photos/NAME` a picture. */
export function photoServer({ client, photos, readOnly = false }) {
  const index = storeHandler(pgVectorStore(client), { readOnly });
  return createServer(async (request, response) => {
    const path = new URL(request.url, "http://localhost").pathname;
    if (path === "/index") {
      const body = request.method === "POST" ? { body: Readable.toWeb(request), duplex: "half" } : {};
      const answer = await index(new Request("http://localhost/index", { method: request.method, ...body }));
      response.writeHead(answer.status, { "content-type": "application/json" }).end(await answer.text());
    } else if (path === "/photos") {
      const names = (await readdir(photos)).filter(isPhoto);
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(names));
    } else if (path.startsWith("/photos/")) {
      const name = basename(decodeURIComponent(path)); // never outside the folder
      const file = createReadStream(join(photos, name));
      file.on("error", () => response.writeHead(404).end());
      file.on("open", () => file.pipe(response.writeHead(200)));
    } else response.writeHead(404).end();
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { default: pg } = await import("pg");
  const client = new pg.Pool({ connectionString: process.env.DATABASE_URL });
  photoServer({ client, photos: process.env.PHOTOS ?? "photos" }).listen(8080, () =>
    console.log("http://localhost:8080"),
  );
}
