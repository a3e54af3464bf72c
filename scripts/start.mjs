// Installs, builds and serves the demo from a fresh clone; prints its address. Only Node's own modules before `npm ci`.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { install, nodeProblem } from "./lib/install.mjs";
import { npm, root, stopChildrenOnSignals } from "./lib/run.mjs";

const FIRST_PORT = 5173;
const DEMO = join(root, "demo");

function fail(problem) {
  console.error(`npm start: ${problem}`);
  process.exit(1);
}

function askedPort() {
  const asked = process.env.PORT ?? String(FIRST_PORT);
  const port = Number(asked);
  return Number.isInteger(port) && port >= 1 && port <= 65_535 ? port : fail(`PORT must be 1 to 65535, got ${asked}`);
}

async function build(title, args) {
  console.log(title);
  const { code } = await npm(["run", "--silent", "build", ...args]);
  if (code !== 0)
    fail(`${title.replace(" …", "")} failed (exit ${code}), see above; \`npm run build ${args.join(" ")}\` repeats it`);
}

/** Vite takes the next free port where the asked one is taken. */
async function serve(port) {
  const { preview } = await import("vite");
  const own = join(DEMO, "vite.config.ts");
  const configFile = existsSync(own) ? own : join(root, "vite.config.ts");
  const server = await preview({ root: DEMO, configFile, preview: { port, host: "localhost" } });
  const address = server.resolvedUrls?.local[0];
  if (!address) fail("the server gave no address");
  if (!address.includes(`:${port}/`)) console.log(`Port ${port} is taken.`);
  console.log(`The demo is at ${address} (Ctrl+C ends it)`);
}

stopChildrenOnSignals();
const port = askedPort();
const problem = nodeProblem() ?? (await install());
if (problem) fail(problem);
if (!existsSync(join(DEMO, "package.json"))) fail("this checkout has no demo folder, so there is nothing to serve");
await build("Building the packages …", []);
await build("Building the demo …", ["-w", "demo"]);
await serve(port);
