import { createWebGpuExecutor, type Executor, isSoftwareAdapter } from "@albef/core";
import { createTfjsExecutor } from "@albef/core/tfjs";
import { setThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import wasmUrl from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import simdUrl from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import threadedUrl from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url";
import "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/register_all_gradients.js";
import ortWasmUrl from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url";
import * as ort from "onnxruntime-web/webgpu";
import { measure } from "../run/measure.ts";
import type { SessionReport, SessionRequest } from "../run/session.ts";
import { workloadName } from "../workloads/index.ts";
import { albefEngine } from "./albef.ts";
import type { Engine } from "./engine.ts";
import { jaxEngine } from "./jax.ts";
import { type OrtModule, onnxruntimeEngine } from "./onnxruntime.ts";
import { tfjsEngine } from "./tfjs.ts";

type OpenEngine = () => Promise<Engine | undefined>;

const wasmExecutor = async (): Promise<Executor> => {
  await tf.setBackend("wasm");
  return createTfjsExecutor(tf);
};

/** Our fallback and tfjs share one tfjs, as they would on a page that uses both. */
const OPEN: Readonly<Record<string, OpenEngine>> = {
  "albef.js webgpu": async () => albefEngine(await createWebGpuExecutor()),
  "jax-js webgpu": () => jaxEngine("webgpu"),
  "tfjs webgpu": async () => tfjsEngine("webgpu", { trains: true }),
  "onnxruntime-web webgpu": async () => onnxruntimeEngine(ort as unknown as OrtModule, "webgpu"),
  "albef.js wasm": async () =>
    albefEngine(await wasmExecutor(), { activate: async () => void (await tf.setBackend("wasm")) }),
  "jax-js wasm": () => jaxEngine("wasm"),
  "tfjs wasm": async () => tfjsEngine("wasm", { trains: true }),
  "onnxruntime-web wasm": async () => onnxruntimeEngine(ort as unknown as OrtModule, "wasm"),
};

setWasmPaths({
  "tfjs-backend-wasm.wasm": wasmUrl,
  "tfjs-backend-wasm-simd.wasm": simdUrl,
  "tfjs-backend-wasm-threaded-simd.wasm": threadedUrl,
});
if (crossOriginIsolated) setThreadsCount(Math.min(navigator.hardwareConcurrency, 4)); // as albef does
ort.env.wasm.wasmPaths = { wasm: ortWasmUrl };
ort.env.wasm.numThreads = crossOriginIsolated ? navigator.hardwareConcurrency : 1;

/** Runs a session in this page: called by the command through the browser's debugger. */
async function session({ workloads, engines, repeats, limitMs }: SessionRequest): Promise<SessionReport> {
  const opened: Engine[] = [];
  for (const name of engines) {
    const engine = await OPEN[name]?.();
    if (engine) opened.push(engine);
  }
  const rows = [];
  for (const workload of workloads) {
    console.log(workloadName(workload));
    rows.push(...(await measure(workload, opened, { repeats, limitMs, log: console.log })));
  }
  const adapter = opened.find(({ device }) => device === "webgpu")?.description ?? "wasm only";
  return { adapter, isolated: crossOriginIsolated, threads: navigator.hardwareConcurrency, rows };
}

async function isSoftware(): Promise<boolean> {
  const adapter = await navigator.gpu?.requestAdapter();
  return !adapter || isSoftwareAdapter(adapter.info);
}

const bench = { session, isSoftware };

declare global {
  var albefBench: typeof bench;
}
globalThis.albefBench = bench;
