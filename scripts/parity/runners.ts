import { createWebGpuExecutor } from "@albef/core";
import { createTfjsExecutor } from "@albef/core/tfjs";
import { executorRunner, f64Runner, type Runner, type RunnerName } from "./runner.ts";

/** An executor on Dawn in Node; throws where it finds no adapter. */
async function webgpu(): Promise<Runner> {
  const { create, globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  const gpu = create([]);
  const runner = executorRunner(await createWebGpuExecutor({ gpu }));
  const held = { ...runner, gpu }; // Dawn crashes once its GPU object is collected
  return held;
}

/** tfjs on its wasm backend, or on the plain CPU backend where wasm does not load. */
async function tfjs(): Promise<Runner> {
  const tf = await import("@tensorflow/tfjs-core");
  await import("@tensorflow/tfjs-backend-cpu");
  await tf.setBackend("cpu");
  return executorRunner(await createTfjsExecutor(tf));
}

/** Opens an executor in Node. */
export function openRunner(name: RunnerName): Promise<Runner> {
  const openers = { webgpu, tfjs, f64: async () => f64Runner() };
  return openers[name]();
}
