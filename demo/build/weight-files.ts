import { readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import type { Plugin } from "vite";
import { galleryIndexes } from "./gallery-index.ts";
import { readScenes, SCENES_FOLDER } from "./scenes.ts";

const WEIGHTS = join(import.meta.dirname, "..", "..", "weights");
const FOLDERS = ["albef-mini", "albef-mini-scenes", "albef-mini-pairs", "gallery"];
const TYPES: Readonly<Record<string, string>> = {
  ".json": "application/json",
  ".webp": "image/webp",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".txt": "text/plain",
};

/** What the page finds beside it, by address: files under `weights`, and the list of scenes. */
function served(): Map<string, () => Uint8Array> {
  const scenes = readScenes(WEIGHTS);
  const file =
    (...path: string[]) =>
    () =>
      readFileSync(join(WEIGHTS, ...path));
  const folders = FOLDERS.flatMap((folder) =>
    readdirSync(join(WEIGHTS, folder))
      .filter((name) => statSync(join(WEIGHTS, folder, name)).isFile())
      .map((name) => [`${folder}/${name}`, file(folder, name)] as const),
  );
  return new Map([
    ...folders,
    ...scenes.map((scene) => [`scenes/${scene.file}`, file(SCENES_FOLDER, scene.file)] as const),
    ["scenes/NOTICE.txt", file("tasks", "NOTICE")],
    ["scenes/scenes.json", () => Buffer.from(JSON.stringify(scenes))],
  ]);
}

/** The indexes of both galleries, by address. */
async function indexes(): Promise<Map<string, Uint8Array>> {
  const entries = JSON.parse(readFileSync(join(WEIGHTS, "gallery", "gallery.json"), "utf8")) as { file: string }[];
  const pictures = new Map(entries.map(({ file }) => [`gallery/${file}`, `gallery/${file}`]));
  const scenes = new Map(readScenes(WEIGHTS).map(({ file }) => [`scenes/${file}`, `${SCENES_FOLDER}/${file}`]));
  const [gallery, scenery] = await galleryIndexes(WEIGHTS, [pictures, scenes]);
  return new Map([
    ["gallery/gallery.index", gallery!],
    ["scenes/scenes.index", scenery!],
  ]);
}

/**
 * Serves the models and the gallery of `weights` and the scenes under the page's address, and copies them into its build
 * with the indexes of both galleries. The development server has none: there the page computes them when it first needs them.
 */
export function weightFiles(): Plugin {
  return {
    name: "albef-weight-files",
    configureServer(server) {
      const files = served();
      server.middlewares.use((request, response, next) => {
        const path = decodeURIComponent((request.url ?? "").split("?")[0]!).replace(/^\//, "");
        const body = files.get(path)?.();
        if (!body) return next();
        response.setHeader("Content-Type", TYPES[extname(path)] ?? "application/octet-stream");
        response.setHeader("Content-Length", body.length);
        response.end(body);
      });
    },
    async generateBundle() {
      for (const [fileName, source] of await indexes()) this.emitFile({ type: "asset", fileName, source });
      for (const [fileName, read] of served()) this.emitFile({ type: "asset", fileName, source: read() });
    },
  };
}
