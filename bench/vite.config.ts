import { defineConfig, mergeConfig } from "vite";
import shared from "../vite.config.ts";

/** The page that measures in a browser. Its libraries are bundled before the first run, so that Vite never reloads under it. */
export default mergeConfig(
  shared,
  defineConfig({
    root: import.meta.dirname,
    server: { hmr: false, watch: null }, // nothing may reload the page under a measurement
    optimizeDeps: {
      noDiscovery: true,
      include: [
        "@tensorflow/tfjs-core",
        "@tensorflow/tfjs-core/dist/register_all_gradients.js",
        "@tensorflow/tfjs-backend-wasm",
        "@tensorflow/tfjs-backend-webgpu",
      ],
    },
  }),
);
