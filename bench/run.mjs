// Compares with other engines: npm run bench -- [--quick] ...; see README.md beside this file.
import { join } from "node:path";
import { findChromium } from "../scripts/lib/chromium.mjs";
import { root, run, stopChildrenOnSignals } from "../scripts/lib/run.mjs";
import { findVulkan } from "../scripts/lib/vulkan.mjs";

stopChildrenOnSignals();
const args = process.argv.slice(2);
const OTHERS = { plots: "src/plots/main.ts", limits: "src/limits/main.ts" };
const other = OTHERS[args[0]];
const [program, ...rest] = other ? [other, ...args.slice(1)] : ["src/main.ts", ...args];
const chromium = await findChromium();
const vulkan = await findVulkan(chromium.path);
for (const { problem } of [chromium, vulkan]) if (problem) console.error(problem);
const size = await run(process.execPath, [join(root, "scripts/size.mjs")], { capture: true });
const bundle = /bundle: ([\d.]+) kB/.exec(size.output)?.[1];
const env = {
  ...vulkan.env,
  ...(chromium.path && { CHROMIUM_PATH: chromium.path }),
  ...(bundle && { ALBEF_BUNDLE_KB: bundle }),
};
const node = ["--conditions=@albef/source", "--import", "tsx", join(root, "bench", program), ...rest];
const { code } = await run(process.execPath, node, { env });
process.exit(code);
