import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import type { Plugin } from "vite";
import { galleryIndex } from "./gallery-index.ts";

const WEIGHTS = join(import.meta.dirname, "..", "..", "weights");
const FOLDERS = ["albef-mini", "gallery"];
const TYPES: Readonly<Record<string, string>> = {
  ".json": "application/json",
  ".webp": "image/webp",
  ".png": "image/png",
  ".jpg": "image/jpeg",
};

/**
 * Serves `weights/albef-mini` and `weights/gallery` under the page's address, and copies them into its build with the
 * gallery's index. The development server has none: there the page computes it at its first visit.
 */
export function weightFiles(): Plugin {
  return {
    name: "albef-weight-files",
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const path = decodeURIComponent((request.url ?? "").split("?")[0]!).replace(/^\//, "");
        const file = join(WEIGHTS, path);
        const known = FOLDERS.some((folder) => file.startsWith(join(WEIGHTS, folder)));
        if (!known || !existsSync(file) || !statSync(file).isFile()) return next();
        response.setHeader("Content-Type", TYPES[extname(file)] ?? "application/octet-stream");
        response.setHeader("Content-Length", statSync(file).size);
        createReadStream(file).pipe(response);
      });
    },
    async generateBundle() {
      this.emitFile({ type: "asset", fileName: "gallery/gallery.index", source: await galleryIndex(WEIGHTS) });
      for (const folder of FOLDERS) {
        for (const name of readdirSync(join(WEIGHTS, folder))) {
          const source = readFileSync(join(WEIGHTS, folder, name));
          this.emitFile({ type: "asset", fileName: `${folder}/${name}`, source });
        }
      }
    },
  };
}
