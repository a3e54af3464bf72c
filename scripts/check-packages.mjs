// publint and are-the-types-wrong over every package as it would be published; needs `npm run build` first.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bin, root, run } from "./lib/run.mjs";
import { packageFolders } from "./lib/steps.mjs";

const TOOLS = [
  { name: "publint", args: (folder) => [...bin("publint"), "run", folder, "--strict"] },
  {
    name: "attw",
    args: (folder) => [...bin("@arethetypeswrong/cli", "attw"), "--pack", folder, "--profile", "esm-only"],
  },
];
const REQUIRED = { type: "module", sideEffects: false, license: "Apache-2.0" };

/** What this project asks of every package beyond what the tools look at. */
function manifestFaults(folder, manifest, { version, references }) {
  const faults = Object.entries(REQUIRED)
    .filter(([key, value]) => manifest[key] !== value)
    .map(([key, value]) => `${key} must be ${JSON.stringify(value)}, is ${JSON.stringify(manifest[key])}`);
  if (manifest.version !== version) faults.push(`version must be ${version}, as in packages/core`);
  if (!references.includes(folder)) faults.push("is not among the references of tsconfig.build.json");
  if (!existsSync(join(root, folder, "LICENSE")))
    faults.push("has no LICENSE file; npm packs only what lies in the folder");
  for (const [name, wanted] of Object.entries(manifest.dependencies ?? {})) {
    if (!/^\d/.test(wanted)) faults.push(`depends on ${name} ${wanted}; versions are exact`);
  }
  return faults;
}

async function toolFaults(folder) {
  const faults = [];
  for (const { name, args } of TOOLS) {
    const [command, ...rest] = args(join(root, folder));
    const { code, output } = await run(command, rest, { capture: true, limitMs: 120_000, env: { NO_COLOR: "1" } });
    if (code !== 0) faults.push(`${name}:\n${output}`);
  }
  return faults;
}

const readJson = (path) => JSON.parse(readFileSync(join(root, path), "utf8"));
const shared = {
  version: readJson("packages/core/package.json").version,
  references: readJson("tsconfig.build.json").references.map(({ path }) => path),
};
for (const folder of packageFolders()) {
  const manifest = readJson(`${folder}/package.json`);
  const faults = [...manifestFaults(folder, manifest, shared), ...(await toolFaults(folder))];
  console.log(`${faults.length === 0 ? "✓" : "✗"} ${manifest.name}`);
  for (const fault of faults) console.log(`  ${fault}`);
  if (faults.length > 0) process.exitCode = 1;
}
