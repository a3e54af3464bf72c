import {
  createWebGpuExecutor,
  DeviceError,
  type Executor,
  isSoftwareAdapter,
  type TuningOptions,
  type WebGpuExecutorOptions,
} from "@albef/core";
import { isNode } from "../platform.ts";
import type { DeviceInfo, DeviceKind, DevicePreference } from "../types.ts";

export interface OpenedDevice {
  readonly executor: Executor;
  readonly info: DeviceInfo;
  /** Held as long as the device is used: Dawn in Node crashes where its instance is collected. */
  readonly gpu?: GPU | undefined;
  dispose(): void;
}

const BY_NAME = "asked for by name";

export interface OpenDeviceOptions {
  /** Why this device was named, for people. */
  readonly reason?: string;
  /** Of kernels on WebGPU. */
  readonly tuning?: TuningOptions | undefined;
}

/** Takes the device asked for, or the fastest there is. Throws DeviceError where a named one does not work. */
export async function openDevice(
  preference: DevicePreference = "auto",
  { reason = BY_NAME, tuning }: OpenDeviceOptions = {},
): Promise<OpenedDevice> {
  const create = (options: WebGpuExecutorOptions = {}) =>
    createWebGpuExecutor({ ...options, ...(tuning && { tuning }) });
  if (typeof preference === "object") {
    return described("webgpu", await create({ device: preference }), "the page gave its own GPUDevice");
  }
  if (preference === "webgpu") {
    const gpu = await findGpu();
    if (!gpu) throw new DeviceError(`device "webgpu": ${noGpu()}`);
    return described("webgpu", await create({ gpu }), reason, gpu);
  }
  if (preference === "wasm" || preference === "cpu") return openFallback(preference, reason);
  if (preference === "auto") return openBest(create);
  throw new DeviceError(
    `device: must be "auto", "webgpu", "wasm", "cpu" or a GPUDevice, got ${JSON.stringify(preference)}`,
  );
}

async function openBest(create: typeof createWebGpuExecutor): Promise<OpenedDevice> {
  const gpu = await findGpu();
  if (!gpu) return openFallback("wasm", noGpu());
  try {
    const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
    if (!adapter) return openFallback("wasm", "WebGPU is there, but found no adapter");
    if (isSoftwareAdapter(adapter.info)) {
      return openFallback("wasm", "the WebGPU adapter computes on the CPU, where wasm is faster");
    }
    return described("webgpu", await create({ gpu }), "a hardware WebGPU adapter was found", gpu);
  } catch (error) {
    return openFallback("wasm", `WebGPU failed: ${(error as Error).message}`);
  }
}

async function openFallback(kind: "wasm" | "cpu", reason: string): Promise<OpenedDevice> {
  try {
    const { openTfjs } = await import("./tfjs.ts"); // pages with WebGPU do not load it
    return described(kind, await openTfjs(kind), reason);
  } catch (error) {
    if (kind === "cpu" || reason === BY_NAME) {
      throw new DeviceError(`device "${kind}": ${(error as Error).message}`, { cause: error });
    }
    return openFallback("cpu", `${reason}; wasm failed: ${(error as Error).message}`);
  }
}

function described(kind: DeviceKind, executor: Executor, reason: string, gpu?: GPU): OpenedDevice {
  const info = { kind, description: executor.description, reason, f16: executor.supportsF16 };
  const opened: OpenedDevice = { executor, info, gpu, dispose: () => opened.executor.dispose() };
  return opened;
}

/** `navigator.gpu`; in Node that of the `webgpu` package, where it is installed. */
async function findGpu(): Promise<GPU | undefined> {
  const gpu = globalThis.navigator?.gpu;
  if (gpu || !isNode()) return gpu;
  const name = "webgpu"; // not a literal below: bundlers for browsers must not look for it
  const dawn = await import(/* @vite-ignore */ name).catch(() => null);
  if (!dawn) return undefined;
  Object.assign(globalThis, dawn.globals);
  return dawn.create([]);
}

function noGpu(): string {
  return isNode()
    ? "this Node has no WebGPU; `npm install webgpu` brings it"
    : "this browser has no WebGPU (or the page is not served over https)";
}
