import { mergeConfig } from "vite";
import shared from "../vite.config.ts";
import { offlinePage } from "./build/offline.ts";
import { POLICY } from "./build/policy.ts";
import { weightFiles } from "./build/weight-files.ts";

/** The page, its worker, and the embedded weights and gallery as files beside it. */
export default mergeConfig(shared, {
  root: import.meta.dirname,
  base: "./",
  preview: { headers: { "Content-Security-Policy": POLICY } },
  plugins: [weightFiles(), offlinePage()],
  build: { outDir: "dist", emptyOutDir: true, chunkSizeWarningLimit: 2000 },
});
