import { fileURLToPath } from "node:url";
import { chromium } from "playwright";
import { createServer } from "vite";
import type { SessionReport, SessionRequest } from "./session.ts";

const CONFIG = fileURLToPath(new URL("../../vite.config.ts", import.meta.url));

/** Without network chatter; a busy software adapter is not a GPU that hangs. */
const QUIET = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-gpu-watchdog",
];

export interface ChromiumOptions {
  /** `swiftshader`, or `default` for the system's own. */
  readonly adapter: string;
  /** Measures nothing on an adapter that computes on the CPU. */
  readonly hardware: boolean;
  log(line: string): void;
}

/** Measures in a page of a headless Chromium; undefined where there is no hardware adapter though one was asked for. */
export async function chromiumSession(request: SessionRequest, { adapter, hardware, log }: ChromiumOptions) {
  const server = await createServer({ configFile: CONFIG, logLevel: "error" });
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
    if (hardware && (await page.evaluate(() => globalThis.albefBench.isSoftware()))) return undefined;
    const report: SessionReport = await page.evaluate((asked) => globalThis.albefBench.session(asked), request);
    return { ...report, browser: `Chromium ${browser.version()}` };
  } finally {
    await browser.close();
    await server.close();
  }
}
