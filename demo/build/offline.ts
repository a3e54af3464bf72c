import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

const LIST = "__FILES__";
const VERSION = "__VERSION__";

/** Writes the service worker that keeps the page's files, so that it opens without a network. Models keep their own. */
export function offlinePage(): Plugin {
  return {
    name: "albef-offline-page",
    apply: "build",
    enforce: "post",
    generateBundle(_options, bundle) {
      const names = Object.keys(bundle).filter((name) => !name.startsWith("albef-mini"));
      const digest = createHash("sha256");
      for (const name of names.sort()) {
        const part = bundle[name]!;
        digest.update(name).update(part.type === "chunk" ? part.code : part.source);
      }
      const source = readFileSync(join(import.meta.dirname, "offline.js"), "utf8")
        .replace(`"${LIST}"`, JSON.stringify(["./", ...names]))
        .replace(VERSION, digest.digest("hex").slice(0, 16));
      this.emitFile({ type: "asset", fileName: "offline.js", source });
    },
  };
}
