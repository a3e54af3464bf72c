// Takes comments and indentation out of the kernels in the built packages; the last step of `npm run build`.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compactWgsl } from "./lib/compact-wgsl.mjs";
import { root } from "./lib/run.mjs";
import { packageFolders } from "./lib/steps.mjs";

for (const folder of packageFolders()) {
  const dist = join(root, folder, "dist");
  if (!existsSync(dist)) continue;
  for (const name of readdirSync(dist, { recursive: true })) {
    if (!name.endsWith(".js")) continue;
    const file = join(dist, name);
    const code = readFileSync(file, "utf8");
    const compact = compactWgsl(code);
    if (compact !== code) writeFileSync(file, compact);
  }
}
