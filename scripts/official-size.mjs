// Full-size weights from checkpoint to features: npm run check:official-size -- [f32|f16|q8|q4|sizes]
import { join } from "node:path";
import { root, run, stopChildrenOnSignals } from "./lib/run.mjs";
import { findVulkan } from "./lib/vulkan.mjs";

stopChildrenOnSignals();
// Dawn reads its driver from the environment, so the check starts in a process of its own.
const { env, problem } = await findVulkan();
if (problem) console.log(problem);
const node = ["--conditions=@albef/source", "--import", "tsx", join(root, "scripts/official-size/main.ts")];
const { code } = await run(process.execPath, [...node, ...process.argv.slice(2)], { env });
process.exit(code);
