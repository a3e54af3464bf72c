// Gzip size of what a WebGPU inference user downloads: engine and ALBEF inference from `albef`, built by Vite for production.
// tfjs and its executor, the tokenizer library, weights and the ops of training are not in it: they load when first used.
// `--list` prints the modules by their share.
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { compactWgsl } from "./lib/compact-wgsl.mjs";
import { root } from "./lib/run.mjs";

const LIMIT_KB = 60;
const OUTSIDE = [/^@tensorflow\//, /^@huggingface\/tokenizers$/];
/**
 * Modules that are imported dynamically: on CPU adapters, in Node, where WebGPU is absent, a graph has ops of training, a
 * model is profiled, tuned, trained or lies in files of the user, a gallery is shared or kept, weights are of two-image
 * encoders.
 */
const LATER = [
  "packages/core/src/tfjs.ts",
  "packages/core/src/ops/index.ts",
  "packages/core/src/ops/cpu-kernels.ts",
  "packages/core/src/executors/webgpu/profile.ts",
  "packages/core/src/executors/webgpu/tuning.ts",
  "packages/albef/src/later.ts",
  "packages/albef/src/seldom.ts",
  "packages/albef/src/device/tfjs.ts",
  "packages/albef/src/hub/disk-store.ts",
];
const ENTRY = "virtual:inference";

const SOURCE = `
import { Albef } from "albef";
const model = await Albef.fromPretrained("/weights/albef-mini", { device: "webgpu" });
const gallery = await model.gallery([]);
console.log(await gallery.search("a red boat at sea", { topK: 12, rerank: 32 }));
`;

const entryPlugin = {
  name: "inference-entry",
  resolveId: (id) => (id === ENTRY ? ENTRY : undefined),
  load: (id) => (id === ENTRY ? SOURCE : undefined),
};

/** As the built packages have them. */
const compactKernels = {
  name: "compact-kernels",
  transform: (code, id) => (/\.[jt]s$/.test(id) ? compactWgsl(code) : null),
};

const result = await build({
  root,
  configFile: `${root}/vite.config.ts`,
  logLevel: "error",
  plugins: [entryPlugin, compactKernels],
  build: { write: false, rolldownOptions: { input: ENTRY, external: OUTSIDE } },
});

const chunks = result.output.filter((file) => file.type === "chunk");
const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
const sizeOf = (chunk) => gzipSync(chunk.code, { level: 9 }).length;

/** Chunks that WebGPU inference loads: all that the entry reaches without going through a module that loads later. */
function loadedChunks() {
  const loaded = new Set();
  const visit = (chunk) => {
    if (!chunk || loaded.has(chunk)) return;
    loaded.add(chunk);
    for (const name of chunk.imports) visit(byName.get(name));
    for (const name of chunk.dynamicImports) if (!isLater(byName.get(name))) visit(byName.get(name));
  };
  visit(chunks.find((chunk) => chunk.isEntry));
  return loaded;
}

function isLater(chunk) {
  return LATER.some((path) => chunk?.facadeModuleId?.endsWith(path));
}

const counted = [...loadedChunks()];
for (const chunk of chunks) {
  const note = counted.includes(chunk) ? "" : "  (not loaded by WebGPU inference, not counted)";
  console.log(`${(sizeOf(chunk) / 1000).toFixed(1).padStart(8)} kB gzip  ${chunk.fileName}${note}`);
}
if (process.argv.includes("--list")) {
  const modules = counted
    .flatMap((chunk) => Object.entries(chunk.modules))
    .sort((a, b) => b[1].renderedLength - a[1].renderedLength);
  for (const [id, { renderedLength }] of modules)
    console.log(`${String(renderedLength).padStart(8)} B  ${id.replace(`${root}/`, "")}`);
}
const total = counted.reduce((sum, chunk) => sum + sizeOf(chunk), 0) / 1000;
const fits = total <= LIMIT_KB;
console.log(`WebGPU inference bundle: ${total.toFixed(1)} kB gzip, limit ${LIMIT_KB} kB: ${fits ? "ok" : "too large"}`);
process.exitCode = fits ? 0 : 1;
