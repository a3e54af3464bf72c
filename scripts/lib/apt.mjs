import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./run.mjs";

const SOURCES = "/etc/apt/sources.list.d";
const APT_ENV = { DEBIAN_FRONTEND: "noninteractive" };

/** True on Debian and its kin, as root. */
export function canUseApt() {
  return process.platform === "linux" && existsSync("/usr/bin/apt-get") && process.getuid?.() === 0;
}

async function apt(args) {
  const options = ["-o", "Acquire::Retries=3", "-o", "Dpkg::Use-Pty=0", "-o", "DPkg::Lock::Timeout=120", "-q"];
  const { code, output } = await run("apt-get", [...options, ...args], {
    env: APT_ENV,
    capture: true,
    limitMs: 420_000,
  });
  if (code !== 0) console.log(output.split("\n").slice(-15).join("\n"));
  return code === 0;
}

/** Installs Debian packages; resolves to whether that worked. A source that cannot be read now may not be needed. */
export async function aptInstall(packages, extra = []) {
  await apt([...extra, "update"]);
  return apt([...extra, "install", "-y", "--no-install-recommends", ...packages]);
}

function codename() {
  const release = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  return /^ID=debian$/m.test(release) ? /^VERSION_CODENAME=(\w+)$/m.exec(release)?.[1] : undefined;
}

/** The machine's own entry for this release, as one line for `release-backports`, or null. */
export function backportsLine(release, files) {
  for (const text of files) {
    for (const line of text.split("\n")) {
      const found = /^deb\s+(\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s/.exec(line);
      if (found?.[3] === release) return `deb ${found[1] ?? ""}${found[2]} ${release}-backports main\n`;
    }
    for (const stanza of text.split(/\n\s*\n/)) {
      const field = (name) => new RegExp(`^${name}:\\s*(.+)$`, "m").exec(stanza)?.[1].trim().split(/\s+/) ?? [];
      if (!field("Types").includes("deb") || !field("Suites").includes(release)) continue;
      const key = field("Signed-By")[0];
      return `deb ${key ? `[signed-by=${key}] ` : ""}${field("URIs")[0]} ${release}-backports main\n`;
    }
  }
  return null;
}

/**
 * Installs packages from this Debian release's backports, on the mirror the machine already uses. The extra source lives in
 * a temporary folder for the length of the call; the machine's own configuration stays as it is.
 */
export async function aptInstallFromBackports(packages) {
  const release = codename();
  if (!release) return false;
  const parts = existsSync(SOURCES) ? readdirSync(SOURCES).map((name) => join(SOURCES, name)) : [];
  const files = ["/etc/apt/sources.list", ...parts].filter(existsSync);
  const line = backportsLine(
    release,
    files.map((file) => readFileSync(file, "utf8")),
  );
  if (!line) return false;
  const folder = mkdtempSync(join(tmpdir(), "apt-sources-"));
  try {
    const list = join(folder, "sources.list.d");
    mkdirSync(list);
    for (const part of parts) symlinkSync(part, join(list, part.slice(SOURCES.length + 1)));
    writeFileSync(join(list, "backports-for-tests.list"), line);
    return await aptInstall(packages, ["-o", `Dir::Etc::SourceParts=${list}`, "-t", `${release}-backports`]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
