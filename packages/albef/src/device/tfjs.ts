import type { Executor } from "@albef/core";
import { isNode } from "../platform.ts";
import { keepSelfContained } from "./wasm-threads.ts";

/** tfjs and the engine's executor for it: loaded only where it is used. */
export async function openTfjs(backend: "wasm" | "cpu"): Promise<Executor> {
  const [tf, { createTfjsExecutor }] = await Promise.all([
    import("@tensorflow/tfjs-core"),
    import("@albef/core/tfjs"),
    backend === "cpu" ? import("@tensorflow/tfjs-backend-cpu") : loadWasm(),
  ]);
  if (!(await tf.setBackend(backend))) throw new Error(`tfjs: its ${backend} backend did not start here`);
  return createTfjsExecutor(tf);
}

async function loadWasm(): Promise<void> {
  const wasm = await import("@tensorflow/tfjs-backend-wasm");
  if (isNode()) {
    const require = process.getBuiltinModule("node:module").createRequire(import.meta.url);
    const entry = require.resolve("@tensorflow/tfjs-backend-wasm");
    wasm.setWasmPaths(`${process.getBuiltinModule("node:path").dirname(entry)}/`);
    return;
  }
  // tfjs takes half of the cores of its own accord, for two threads a core; more than four gain little
  if (crossOriginIsolated) wasm.setThreadsCount(Math.min(navigator.hardwareConcurrency, 4));
  const factory = await import("@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.js");
  keepSelfContained(factory.default);
  // Written out in full: bundlers find files only by such literals.
  wasm.setWasmPaths({
    "tfjs-backend-wasm.wasm": new URL("@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm", import.meta.url)
      .href,
    "tfjs-backend-wasm-simd.wasm": new URL(
      "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm",
      import.meta.url,
    ).href,
    "tfjs-backend-wasm-threaded-simd.wasm": new URL(
      "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm",
      import.meta.url,
    ).href,
  });
}
