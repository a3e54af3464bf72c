import { existsSync } from "node:fs";
import { join } from "node:path";
import { defineConfig, type PlaywrightTestConfig } from "@playwright/test";

const root = join(import.meta.dirname, "..");
const port = Number(process.env.E2E_PORT ?? 41731);
const baseURL = `http://localhost:${port}/`;

/** Chromium without network chatter. */
const quiet = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const withWebGPU = [
  ...quiet,
  "--enable-unsafe-webgpu",
  `--use-webgpu-adapter=${process.env.WEBGPU_ADAPTER ?? "swiftshader"}`,
];
const withoutWebGPU = [...quiet, "--disable-features=WebGPU,WebGPUService", "--disable-webgpu"];

const executablePath = process.env.CHROMIUM_PATH;
const launch = (args: string[]) => ({ launchOptions: { args, ...(executablePath ? { executablePath } : {}) } });

/** The demo as `npm start` serves it; absent in a checkout without one. */
const webServer: PlaywrightTestConfig["webServer"] = existsSync(join(root, "demo", "package.json"))
  ? {
      command: "node scripts/start.mjs",
      cwd: root,
      env: { PORT: String(port) },
      url: baseURL,
      reuseExistingServer: false,
      timeout: 300_000,
      stdout: "ignore",
      stderr: "pipe",
    }
  : [];

/** `*.no-webgpu.spec.ts` run in a browser without WebGPU, all others with it (SwiftShader where there is no GPU). */
export default defineConfig({
  testDir: ".",
  outputDir: join(root, "test-results"),
  forbidOnly: true,
  workers: 1,
  timeout: 180_000,
  expect: { timeout: 30_000 },
  use: { baseURL, trace: "retain-on-failure" },
  projects: [
    { name: "webgpu", testIgnore: /no-webgpu\.spec\.ts$/, use: launch(withWebGPU) },
    { name: "no-webgpu", testMatch: /no-webgpu\.spec\.ts$/, use: launch(withoutWebGPU) },
  ],
  webServer,
});
