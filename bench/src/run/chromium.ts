import { chromium } from "playwright";
import { createServer } from "vite";
import type { SessionReport, SessionRequest } from "./session.ts";

const QUIET = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Measures in a headless Chromium on the named WebGPU adapter (`swiftshader`, or `default` for the system's own). */
export async function chromiumSession(request: SessionRequest, adapter: string, log: (line: string) => void) {
  const server = await createServer({
    configFile: new URL("../../vite.config.ts", import.meta.url).pathname,
    logLevel: "error",
  });
  await server.listen();
  const executablePath = process.env.CHROMIUM_PATH;
  const browser = await chromium.launch({
    args: [...QUIET, "--enable-unsafe-webgpu", ...(adapter === "default" ? [] : [`--use-webgpu-adapter=${adapter}`])],
    ...(executablePath && { executablePath }),
  });
  try {
    const page = await browser.newPage();
    page.on("console", (message) => log(message.text()));
    page.on("pageerror", (error) => log(String(error)));
    await page.goto(server.resolvedUrls!.local[0]!);
    await page.waitForFunction(() => "albefBench" in globalThis, undefined, { timeout: 120_000 });
    const report: SessionReport = await page.evaluate((asked) => globalThis.albefBench(asked), request);
    return { ...report, browser: `Chromium ${browser.version()}` };
  } finally {
    await browser.close();
    await server.close();
  }
}
