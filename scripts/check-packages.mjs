// publint and are-the-types-wrong over every package as it would be published; needs `npm run build` first.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bin, root, run } from "./lib/run.mjs";
import { packageFolders } from "./lib/steps.mjs";

const TOOLS = [
  { name: "publint", args: (folder) => [...bin("publint"), "run", folder, "--strict"] },
  {
    name: "attw",
    args: (folder) => [...bin("@arethetypeswrong/cli", "attw"), "--pack", folder, "--profile", "esm-only"],
  },
];

let failed = 0;
for (const folder of packageFolders()) {
  const path = join(root, folder);
  const { name, private: isPrivate } = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
  if (isPrivate) continue;
  for (const tool of TOOLS) {
    const [command, ...args] = tool.args(path);
    const { code, output } = await run(command, args, { capture: true, limitMs: 120_000, env: { NO_COLOR: "1" } });
    console.log(`${code === 0 ? "✓" : "✗"} ${tool.name} ${name}`);
    if (code !== 0) {
      failed++;
      console.log(output);
    }
  }
}
process.exitCode = failed === 0 ? 0 : 1;
