import { createRequire } from "node:module";
import { dirname } from "node:path";
import { createWebGpuExecutor } from "@albef/core";
import { createTfjsExecutor } from "@albef/core/tfjs";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { albefEngine } from "./albef.ts";
import type { Engine } from "./engine.ts";
import { type OrtModule, onnxruntimeEngine } from "./onnxruntime.ts";
import { tfjsEngine } from "./tfjs.ts";

const require = createRequire(import.meta.url);

/** The engines that run in Node on wasm; jax-js needs a newer Node than this project. */
export async function nodeWasmEngines(): Promise<Engine[]> {
  setWasmPaths(`${dirname(require.resolve("@tensorflow/tfjs-backend-wasm"))}/`);
  await tf.setBackend("wasm");
  const activate = async () => void (await tf.setBackend("wasm"));
  const ort = (await import("onnxruntime-web")) as unknown as OrtModule;
  return [
    albefEngine(await createTfjsExecutor(tf), { activate }),
    tfjsEngine("wasm", { trains: false }),
    onnxruntimeEngine(ort, "wasm"),
  ];
}

/** The engines that run in Node on Dawn, with the adapter of the environment (VK_ICD_FILENAMES). */
export async function nodeGpuEngines(): Promise<Engine[]> {
  const { create, globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  const gpu = create([]);
  const executor = await createWebGpuExecutor({ gpu });
  const ours = albefEngine(executor);
  const engines = executor.supportsF16 ? [ours, albefEngine(executor, { half: true })] : [ours];
  const held = new Set([gpu]); // Dawn crashes once its GPU object is collected
  const dispose = () => {
    executor.dispose();
    held.clear();
  };
  return engines.map((engine) => ({ ...engine, dispose }));
}
