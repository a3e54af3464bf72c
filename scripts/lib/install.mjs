import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { npm, root } from "./run.mjs";

/** Null where this Node is new enough, else what to do. */
export function nodeProblem(version = process.versions.node) {
  const wanted = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).engines.node.replace(/^>=/, "");
  const [major, minor = 0] = wanted.split(".").map(Number);
  const [haveMajor, haveMinor] = version.split(".").map(Number);
  if (haveMajor > major || (haveMajor === major && haveMinor >= minor)) return null;
  return `Node ${wanted} or newer is needed, this is ${version}. Install it from https://nodejs.org or with \`nvm install\`.`;
}

/** True where node_modules is missing or older than the lock file. */
export function needsInstall() {
  const installed = join(root, "node_modules", ".package-lock.json");
  return !existsSync(installed) || statSync(installed).mtimeMs < statSync(join(root, "package-lock.json")).mtimeMs;
}

/** `npm ci` where it is needed; tried twice, since registries drop connections. Resolves to null or what to do. */
export async function install() {
  if (!needsInstall()) return null;
  console.log("Installing the packages of package-lock.json (npm ci) …");
  for (let attempt = 1; attempt <= 2; attempt++) {
    const { code } = await npm(["ci", "--include=dev", "--no-audit", "--no-fund"], { limitMs: 600_000 });
    if (code === 0) return null;
    console.log(`npm ci failed (exit ${code})${attempt === 1 ? ", trying once more" : ""}.`);
  }
  return "npm ci failed: see its message above. Most often the package registry cannot be reached (check `npm ping`) or package-lock.json does not match package.json (run `npm install` and commit the lock file).";
}
