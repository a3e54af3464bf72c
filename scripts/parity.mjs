// Recorded official results against our own: npm run parity -- [DIR] [--executor webgpu|tfjs|f64|all] [--case NAME]
import { join } from "node:path";
import { root, run, stopChildrenOnSignals } from "./lib/run.mjs";
import { findVulkan } from "./lib/vulkan.mjs";

stopChildrenOnSignals();
const args = process.argv.slice(2);
const executor = args.find((arg, i) => args[i - 1] === "--executor" || arg.startsWith("--executor="));
const wantsGpu = !executor || !/(tfjs|f64)$/.test(executor);

// Dawn reads its driver from the environment, so the runner starts in a process of its own.
const found = wantsGpu ? await findVulkan() : { env: {} };
if (found.problem) console.log(`${found.problem}\nRunning WebGPU in Chromium instead.`);
const env = found.problem ? { ALBEF_PARITY_GPU: "chromium" } : found.env;
const node = ["--conditions=@albef/source", "--import", "tsx", join(root, "scripts/parity/main.ts"), ...args];
const { code } = await run(process.execPath, node, { env });
process.exit(code);
