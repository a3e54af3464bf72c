import { playwright } from "@vitest/browser-playwright";
import { defaultClientConditions, defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";
import {
  type ServedPhotos,
  type ServedSmallModel,
  servePhotos,
  serveSmallModel,
} from "./scripts/lib/serve-commands.ts";

declare module "vitest/browser" {
  interface BrowserCommands {
    servePhotos(): Promise<ServedPhotos>;
    serveSmallModel(): Promise<ServedSmallModel>;
  }
}

const source = "@albef/source"; // packages are tested as their sources, not as their last build
const resolve = { conditions: [source, ...defaultClientConditions] };
const ssr = { resolve: { conditions: [source, ...defaultServerConditions], externalConditions: [source, "node"] } };

/** Chromium without network chatter, on a named WebGPU adapter (SwiftShader where there is no GPU). */
const chromiumArgs = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--enable-unsafe-webgpu",
  `--use-webgpu-adapter=${process.env.WEBGPU_ADAPTER ?? "swiftshader"}`,
];
/** Bundled before the first test: what Vite finds only while tests run makes it reload the page under them. */
const tfjs = ["core", "backend-cpu", "backend-wasm", "backend-webgpu"].map((name) => `@tensorflow/tfjs-${name}`);
tfjs.push("@tensorflow/tfjs-core/dist/register_all_gradients.js");
const executablePath = process.env.CHROMIUM_PATH;

export default defineConfig({
  test: {
    maxWorkers: "100%", // files of unit tests side by side, also on two cores
    projects: [
      {
        resolve,
        ssr,
        test: {
          name: "unit",
          environment: "node",
          include: ["{packages/*,demo}/src/**/*.test.ts", "{bench,scripts,examples}/**/*.test.{ts,mjs}"],
          exclude: ["**/*.gpu.test.*", "**/*.dawn.test.ts", "**/node_modules/**", "**/dist/**"],
          testTimeout: 60_000,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: "dawn",
          environment: "node",
          include: ["packages/*/src/**/*.dawn.test.ts", "scripts/**/*.dawn.test.ts"],
          testTimeout: 300_000,
          fileParallelism: false,
        },
      },
      {
        resolve,
        optimizeDeps: { include: tfjs },
        test: {
          name: "gpu",
          include: ["packages/*/src/**/*.gpu.test.ts", "examples/**/*.gpu.test.mjs"],
          testTimeout: 120_000,
          fileParallelism: false,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            commands: { servePhotos, serveSmallModel },
            provider: playwright({
              launchOptions: { args: chromiumArgs, ...(executablePath ? { executablePath } : {}) },
            }),
            instances: [{ browser: "chromium" }],
          },
        },
      },
    ],
  },
});
