import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build as esbuild } from "esbuild";
import { build, type PreviewServer, preview } from "vite";

const ROOT = join(import.meta.dirname, "..", "..");
const run = promisify(execFile);
const TOKENIZERS = "@huggingface/tokenizers";

const PAGE = `<!doctype html><pre id="out"></pre><script type="module" src="./main.js"></script>`;

/** What a user writes: the lines of the README, with the result on the page. */
const MAIN = `
import { Albef } from "albef";
const out = document.querySelector("#out");
try {
  const model = await Albef.fromPretrained("/model/", { device: new URLSearchParams(location.search).get("device") });
  const names = ["pizza-twemoji.webp", "sailboat-fluent-3d.webp", "sunflower-emojione.webp"];
  const photos = await Promise.all(names.map(async (name) => ({ id: name, image: await (await fetch("/photos/" + name)).blob() })));
  const gallery = await model.gallery(photos);
  const [best] = await gallery.search("a sailboat");
  out.textContent = model.device.kind + " " + best.id;
} catch (error) {
  out.textContent = "failed: " + (error.stack ?? error);
}
`;

/** What a server does that renders the pages of an app. */
const SERVER = `
import { Albef } from "albef";
console.log(typeof navigator, typeof Albef.fromPretrained);
`;

export interface PackedApp {
  /** With a final slash. Below it: the app built by Vite; `esbuild/`, bundled by that; `plain/`, not bundled. */
  readonly address: string;
  readonly folder: string;
  close(): Promise<void>;
}

/** An app in an empty folder that has the packed packages installed, built and served. */
export async function packedApp(): Promise<PackedApp> {
  const folder = mkdtempSync(join(tmpdir(), "albef-packed-"));
  try {
    await writeApp(folder);
    await run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline"], { cwd: folder });
    await build({ root: folder, configFile: false, logLevel: "warn", build: { target: "es2022" } });
    await bundleByEsbuild(folder);
    await leaveUnbundled(folder);
    const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
    const server: PreviewServer = await preview({
      root: folder,
      configFile: false,
      preview: { port: 41741, host: "localhost", headers },
    });
    const close = async () => {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    };
    return { address: server.resolvedUrls!.local[0]!, folder, close };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

async function bundleByEsbuild(folder: string): Promise<void> {
  const shared = { absWorkingDir: folder, bundle: true, format: "esm", target: "es2022", logLevel: "warning" } as const;
  const outdir = "dist/esbuild";
  await esbuild({ ...shared, entryPoints: ["main.js"], outdir, platform: "browser", splitting: true });
  writeFileSync(join(folder, outdir, "index.html"), PAGE);
  await esbuild({
    ...shared,
    entryPoints: ["server.mjs"],
    outfile: "server-bundle.mjs",
    platform: "node",
    packages: "bundle",
  });
}

/** The files of the packages as they are, with a map from names to addresses. */
async function leaveUnbundled(folder: string): Promise<void> {
  const plain = join(folder, "dist", "plain");
  const imports: Record<string, string> = {};
  for (const name of ["albef", "@albef/core", "@albef/encoder", "@albef/heads", "@albef/distillation", TOKENIZERS]) {
    cpSync(join(folder, "node_modules", name), join(plain, "npm", name), { recursive: true });
    imports[name] = `./npm/${name}/dist/${name === TOKENIZERS ? "tokenizers.mjs" : "index.js"}`;
  }
  cpSync(join(folder, "main.js"), join(plain, "main.js"));
  const map = `<script type="importmap">${JSON.stringify({ imports })}</script>`;
  writeFileSync(join(plain, "index.html"), PAGE.replace("<pre", `${map}<pre`));
}

async function writeApp(folder: string): Promise<void> {
  const packed = await pack(folder);
  writeFileSync(join(folder, "index.html"), PAGE);
  writeFileSync(join(folder, "main.js"), MAIN);
  writeFileSync(join(folder, "server.mjs"), SERVER);
  const settings = { name: "app", private: true, type: "module", dependencies: packed, overrides: packed };
  writeFileSync(join(folder, "package.json"), JSON.stringify(settings));
  mkdirSync(join(folder, "public"));
  cpSync(join(ROOT, "weights", "albef-mini"), join(folder, "public", "model"), { recursive: true });
  cpSync(join(ROOT, "weights", "gallery"), join(folder, "public", "photos"), { recursive: true });
}

/** Packs every package as it would be published; their names with the tarballs' addresses. */
async function pack(folder: string): Promise<Record<string, string>> {
  const packages = readdirSync(join(ROOT, "packages")).map((name) => join(ROOT, "packages", name));
  const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", folder, ...packages], { cwd: ROOT });
  const list = JSON.parse(stdout) as { name: string; filename: string }[];
  return Object.fromEntries(list.map(({ name, filename }) => [name, `file:./${filename}`]));
}
