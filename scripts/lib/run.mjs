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
  const piped = capture || quietMs !== undefined;
  return new Promise((done) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", piped ? "pipe" : "inherit", piped ? "pipe" : "inherit"],
      detached: process.platform !== "win32",
      // npm is a .cmd file on Windows, which only a shell can start.
      shell: process.platform === "win32" && !command.endsWith(".exe"),
      windowsHide: true,
    });
    let output = "";
    let timedOut = false;
    const stop = () => {
      timedOut = true;
      killTree(child);
    };
    const limit = limitMs === undefined ? undefined : setTimeout(stop, limitMs);
    let quiet = quietMs === undefined ? undefined : setTimeout(stop, quietMs);
    const take = (chunk) => {
      output += chunk;
      if (!capture) process.stdout.write(chunk);
      if (quiet) {
        clearTimeout(quiet);
        quiet = setTimeout(stop, quietMs);
      }
    };
    child.stdout?.on("data", take);
    child.stderr?.on("data", take);
    const finish = (code, reason) => {
      running.delete(child);
      clearTimeout(limit);
      clearTimeout(quiet);
      done({ code: timedOut ? 124 : (code ?? 1), output: reason ? `${output}${reason}` : output, timedOut });
    };
    running.add(child);
    child.on("error", (error) => finish(127, error.message));
    // "exit", not "close": a grandchild that keeps the pipe open must not hold us.
    child.on("exit", (code) => finish(code));
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
