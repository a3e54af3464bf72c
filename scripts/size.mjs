// Gzip size of what a WebGPU inference user downloads: engine and ALBEF inference from `albef`, built by Vite for production.
// tfjs, the tokenizer library and weights are not in it. `--list` prints the modules by their share.
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { root } from "./lib/run.mjs";

const LIMIT_KB = 60;
const OUTSIDE = [/^@tensorflow\//, /^@huggingface\/tokenizers$/];
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

const result = await build({
  root,
  configFile: `${root}/vite.config.ts`,
  logLevel: "error",
  plugins: [entryPlugin],
  build: { write: false, rolldownOptions: { input: ENTRY, external: OUTSIDE } },
});

const chunks = result.output.filter((file) => file.type === "chunk");
const usesTfjs = (chunk) => [...chunk.imports, ...chunk.dynamicImports].some((id) => id.startsWith("@tensorflow/"));
const sizeOf = (chunk) => gzipSync(chunk.code, { level: 9 }).length;
const counted = chunks.filter((chunk) => chunk.isEntry || !usesTfjs(chunk));

for (const chunk of chunks) {
  const note = counted.includes(chunk) ? "" : "  (tfjs fallback, not counted)";
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
