import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { aptInstall, aptInstallFromBackports, canUseApt } from "./apt.mjs";
import { root, run } from "./run.mjs";

const ICD_FOLDERS = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d", "/usr/local/share/vulkan/icd.d"];

/** What Dawn in Node finds under an environment: `{ name, f16 }`, or null. Asked in a process of its own, since a driver may crash. */
async function probe(env) {
  const { code, output } = await run(process.execPath, [join(root, "scripts/lib/probe-dawn.mjs")], {
    env,
    capture: true,
    limitMs: 60_000,
  });
  const line = output.split("\n").find((text) => text.startsWith("{"));
  return code === 0 && line ? JSON.parse(line) : null;
}

function lavapipeIcds() {
  return ICD_FOLDERS.filter(existsSync).flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => /^lvp_icd.*\.json$/.test(name))
      .map((name) => join(folder, name)),
  );
}

async function lavapipe() {
  for (const icd of lavapipeIcds()) {
    const env = { VK_ICD_FILENAMES: icd };
    const adapter = await probe(env);
    if (adapter?.f16) return { env, adapter };
  }
  return null;
}

async function installLavapipe() {
  if (!canUseApt()) return null;
  console.log("No Vulkan driver with shader-f16 found; installing lavapipe (apt-get) …");
  if (await aptInstallFromBackports(["mesa-vulkan-drivers", "libvulkan1"])) {
    const found = await lavapipe();
    if (found) return found;
  }
  return (await aptInstall(["mesa-vulkan-drivers", "libvulkan1"])) ? lavapipe() : null;
}

/** SwiftShader as shipped beside Chromium, with Chromium's Vulkan loader where the system has none. */
async function swiftshader(chromium) {
  const folders = [
    chromium && dirname(chromium),
    "/usr/lib/chromium",
    "/opt/google/chrome",
    "/usr/lib/chromium-browser",
  ];
  for (const folder of folders.filter(Boolean)) {
    const icd = join(folder, "vk_swiftshader_icd.json");
    if (!existsSync(icd)) continue;
    const library = [folder, process.env.LD_LIBRARY_PATH].filter(Boolean).join(":");
    for (const env of [{ VK_ICD_FILENAMES: icd }, { VK_ICD_FILENAMES: icd, LD_LIBRARY_PATH: library }]) {
      const adapter = await probe(env);
      if (adapter) return { env, adapter };
    }
  }
  return null;
}

/**
 * The environment the Dawn tests run under. What the caller set wins; then lavapipe, the system's own adapter if it has
 * shader-f16, lavapipe from the package manager, SwiftShader. Resolves to `{ env, adapter }` or `{ problem }`.
 */
export async function findVulkan(chromium) {
  const own = await probe({});
  if (process.env.VK_ICD_FILENAMES) {
    if (own) return { env: {}, adapter: own };
    return {
      problem: `VK_ICD_FILENAMES is ${process.env.VK_ICD_FILENAMES}, where Dawn finds no adapter. Correct it or unset it.`,
    };
  }
  const found =
    (process.platform === "linux" && (await lavapipe())) ||
    (own?.f16 && { env: {}, adapter: own }) ||
    (await installLavapipe()) ||
    (own && { env: {}, adapter: own }) ||
    (await swiftshader(chromium));
  if (found) return found;
  return {
    problem:
      "Dawn finds no GPU adapter in Node. Install a Vulkan driver (Debian: `apt-get install mesa-vulkan-drivers`) or set VK_ICD_FILENAMES.",
  };
}
