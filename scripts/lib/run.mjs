import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

const running = new Set();

/**
 * Runs a command to its end. Resolves to `{ code, output, timedOut }`; never rejects.
 * Options: `env` (added to ours), `cwd`, `limitMs` (then the whole process group is killed), `quietMs` (likewise after so
 * long without a line), `capture` (collect the output and print nothing).
 */
export function run(command, args, { env = {}, cwd = root, limitMs, quietMs, capture = false } = {}) {
  const stdio = capture || quietMs !== undefined ? "pipe" : "inherit";
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", stdio, stdio],
    detached: process.platform !== "win32", // a process group of its own, to be ended as one
    shell: process.platform === "win32" && !command.endsWith(".exe"), // npm is a .cmd file there
    windowsHide: true,
  });
  running.add(child);
  return new Promise((done) => {
    let output = "";
    let timedOut = false;
    const stopAfter = (ms) =>
      ms === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            killTree(child);
          }, ms);
    const limit = stopAfter(limitMs);
    let quiet = stopAfter(quietMs);
    const take = (chunk) => {
      output += chunk;
      if (!capture) process.stdout.write(chunk);
      clearTimeout(quiet);
      quiet = stopAfter(quietMs);
    };
    child.stdout?.on("data", take);
    child.stderr?.on("data", take);
    const finish = (code) => {
      if (!running.delete(child)) return;
      clearTimeout(limit);
      clearTimeout(quiet);
      done({ code: timedOut ? 124 : (code ?? 1), output, timedOut });
    };
    child.on("error", (error) => {
      take(`${error.message}\n`);
      finish(127);
    });
    child.on("close", finish);
    // A grandchild may keep the pipe open for ever.
    child.on("exit", (code) => setTimeout(finish, 2_000, code).unref());
  });
}

function killTree(child) {
  if (child.pid === undefined) return;
  if (process.platform === "win32") {
    spawn("taskkill", ["/pid", String(child.pid), "/T", "/F"], { stdio: "ignore" });
    return;
  }
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    child.kill("SIGKILL");
  }
}

/** Ends whatever is still running when we are interrupted, so that nothing is left behind. */
export function stopChildrenOnSignals() {
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ]) {
    process.on(signal, () => {
      for (const child of running) killTree(child);
      process.exit(code);
    });
  }
}

/** Runs npm itself, by the same npm that started us where there is one. */
export function npm(args, options) {
  const cli = process.env.npm_execpath;
  if (cli?.endsWith(".js")) return run(process.execPath, [cli, ...args], options);
  return run("npm", args, options);
}

/** The command line of an installed package's binary, run by this Node: no shell, no PATH. */
export function bin(packageName, binName = packageName) {
  const require = createRequire(join(root, "package.json"));
  const manifest = join(root, "node_modules", packageName, "package.json");
  const { bin: entry } = require(manifest);
  return [process.execPath, join(dirname(manifest), typeof entry === "string" ? entry : entry[binName])];
}

/** Seconds with one decimal. */
export function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}
