// Installs, builds and serves the demo from a fresh clone; prints its address. Only Node's own modules before `npm ci`.
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { install, nodeProblem } from "./lib/install.mjs";
import { bin, npm, root, run, stopChildrenOnSignals } from "./lib/run.mjs";

const FIRST_PORT = 5173;
const PORTS_TRIED = 50;

function fail(problem) {
  console.error(`npm start: ${problem}`);
  process.exit(1);
}

function isFree(port) {
  return new Promise((done) => {
    const server = createServer();
    server.once("error", () => done(false));
    server.listen(port, "localhost", () => server.close(() => done(true)));
  });
}

/** PORT or 5173; the next free one where it is taken. */
async function choosePort() {
  const asked = process.env.PORT ?? String(FIRST_PORT);
  const first = Number(asked);
  if (!Number.isInteger(first) || first < 1 || first > 65_535) fail(`PORT must be 1 to 65535, got ${asked}`);
  for (let port = first; port < first + PORTS_TRIED && port <= 65_535; port++) {
    if (await isFree(port)) {
      if (port !== first) console.log(`Port ${first} is taken, using ${port}.`);
      return port;
    }
  }
  return fail(`no free port from ${first} on; set PORT to one`);
}

async function step(title, work, remedy) {
  console.log(title);
  const { code } = await work();
  if (code !== 0) fail(`${remedy} (exit ${code})`);
}

stopChildrenOnSignals();
const problem = nodeProblem() ?? (await install());
if (problem) fail(problem);
if (!existsSync(join(root, "demo", "package.json"))) fail("this checkout has no demo folder; nothing to serve");

const [node, tsc] = bin("typescript", "tsc");
await step(
  "Building the packages …",
  () => run(node, [tsc, "-b", "tsconfig.build.json"]),
  "the build failed, see above",
);
await step("Building the demo …", () => npm(["run", "build", "-w", "demo"]), "the demo's build failed, see above");

const port = await choosePort();
console.log(`Serving the demo at http://localhost:${port}/ (Ctrl+C ends it)`);
const [, vite] = bin("vite");
const { code } = await run(node, [vite, "preview", "--port", String(port), "--strictPort", "--host", "localhost"], {
  cwd: join(root, "demo"),
});
process.exitCode = code;
