import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright";
import { createServer } from "vite";
import type { Outcome } from "./run-case.ts";

const ROOT = resolve(fileURLToPath(import.meta.url), "../../..");

const FLAGS = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--enable-unsafe-webgpu",
];

/** Runs cases on WebGPU in Chromium: the page loads the same code from a Vite server, which also serves the files. */
export async function chromiumSession(directory: string) {
  const server = await createServer({
    root: ROOT,
    configFile: false,
    logLevel: "error",
    appType: "custom",
    resolve: { conditions: ["@albef/source"] },
    server: { host: "127.0.0.1", port: 0, hmr: false, fs: { allow: [ROOT, directory] } },
  });
  server.middlewares.use("/parity.html", (_request, response) => {
    response.setHeader("content-type", "text/html");
    response.end("<!doctype html><title>parity</title>");
  });
  await server.listen();
  const address = server.resolvedUrls!.local[0]!;
  const path = process.env.CHROMIUM_PATH;
  const browser = await chromium.launch({
    args: [...FLAGS, `--use-webgpu-adapter=${process.env.WEBGPU_ADAPTER ?? "swiftshader"}`],
    ...(path && { executablePath: path }),
  });
  const page = await browser.newPage();
  await page.goto(`${address}parity.html`);
  const description = await page.evaluate(openInPage, { directory });
  return {
    description: `webgpu in Chromium: ${description}`,
    run: (name: string): Promise<Outcome> => page.evaluate(runInPage, { name }),
    async close() {
      await browser.close();
      await server.close();
    },
  };
}

/** Runs in the page. */
async function openInPage({ directory }: { directory: string }): Promise<string> {
  const url = "/scripts/parity/page.ts";
  const { openPage } = await import(/* @vite-ignore */ url);
  const page = await openPage(`/@fs${directory}`);
  Object.assign(globalThis, { parityPage: page });
  return page.description;
}

/** Runs in the page. */
function runInPage({ name }: { name: string }): Promise<Outcome> {
  return (globalThis as unknown as { parityPage: { run(name: string): Promise<Outcome> } }).parityPage.run(name);
}
