import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { aptInstall, canUseApt } from "./apt.mjs";
import { bin, root, run } from "./run.mjs";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome", "microsoft-edge"];

const MAC_APPS = ["Google Chrome.app/Contents/MacOS/Google Chrome", "Chromium.app/Contents/MacOS/Chromium"];
const WINDOWS_APPS = ["Google\\Chrome\\Application\\chrome.exe", "Chromium\\Application\\chrome.exe"];

/** Where a Chromium or Chrome is usually installed on this system, existing files only. */
function installedCandidates() {
  const { env, platform } = process;
  if (platform === "win32") {
    const bases = [env.PROGRAMFILES, env["PROGRAMFILES(X86)"], env.LOCALAPPDATA].filter(Boolean);
    return bases.flatMap((base) => WINDOWS_APPS.map((app) => join(base, app))).filter(existsSync);
  }
  const onPath = (env.PATH ?? "").split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  const bases = platform === "darwin" ? ["/Applications", join(env.HOME ?? "", "Applications")] : [];
  const apps = bases.flatMap((base) => MAC_APPS.map((app) => join(base, app)));
  return [...new Set([...onPath, ...apps])].filter(existsSync);
}

/** Playwright's own browser, where it has been downloaded. */
function playwrightCandidate() {
  try {
    const path = createRequire(join(root, "package.json"))("playwright").chromium.executablePath();
    return existsSync(path) ? path : null;
  } catch {
    return null;
  }
}

/** A file with the right name may be a stub (Ubuntu's asks for a snap) or lack shared libraries: only one that starts counts. */
async function starts(path) {
  if (process.platform === "win32") return true;
  const { code } = await run(path, ["--version"], { capture: true, limitMs: 30_000 });
  return code === 0;
}

async function firstThatStarts(paths) {
  for (const path of paths) {
    if (path && (await starts(path))) return path;
  }
  return null;
}

async function downloadByPlaywright() {
  console.log("No Chromium found; asking Playwright for its own …");
  const [node, cli] = bin("playwright");
  // Where the download is blocked it may hang without a word.
  const { code, output } = await run(node, [cli, "install", "chromium"], {
    capture: true,
    limitMs: 300_000,
    quietMs: 45_000,
  });
  if (code === 0) return firstThatStarts([playwrightCandidate()]);
  const reason = output.split("\n").find((line) => line.startsWith("Error: ")) ?? `exit ${code}`;
  console.log(`Playwright could not download it (${reason}).`);
  return null;
}

/**
 * The Chromium the browser tests run in: CHROMIUM_PATH, an installed one, Playwright's own, Debian's.
 * Resolves to `{ path }` or `{ problem }`.
 */
export async function findChromium() {
  const named = process.env.CHROMIUM_PATH;
  if (named) {
    if (existsSync(named) && (await starts(named))) return { path: named };
    return { problem: `CHROMIUM_PATH is ${named}, which does not start. Correct it or unset it.` };
  }
  const present = await firstThatStarts([...installedCandidates(), playwrightCandidate()]);
  if (present) return { path: present };
  const downloaded = await downloadByPlaywright();
  if (downloaded) return { path: downloaded };
  if (canUseApt()) {
    console.log("Installing Debian's chromium (apt-get) …");
    await aptInstall(["chromium"]);
    const installed = await firstThatStarts(installedCandidates());
    if (installed) return { path: installed };
  }
  return {
    problem:
      "No Chromium was found and none could be installed. Install Chromium or Chrome, or run `npx playwright install --with-deps chromium`, or set CHROMIUM_PATH to one.",
  };
}
