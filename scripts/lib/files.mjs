import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "./run.mjs";

const SKIPPED = new Set(["node_modules", "dist", "test-results"]);

/** Files under a folder of the repository, as paths from its root with forward slashes; none where the folder is missing. */
export function filesUnder(folder) {
  const path = join(root, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    if (SKIPPED.has(entry.name)) return [];
    const inside = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesUnder(inside) : [inside];
  });
}
