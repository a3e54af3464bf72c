import { defaultClientConditions, defineConfig } from "vite";

// The wasm fallback runs threads over SharedArrayBuffer, which browsers give only to cross-origin isolated pages.
const headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** What everything built from this workspace shares: packages resolve to their sources, one modern target, ES workers. */
export default defineConfig({
  resolve: { conditions: ["@albef/source", ...defaultClientConditions] },
  server: { headers },
  preview: { headers },
  worker: { format: "es" },
  build: { target: "es2022" },
});
