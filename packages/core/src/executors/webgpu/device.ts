import { DeviceError } from "../../errors.ts";
import type { AdapterFacts } from "../../op.ts";

const FEATURES: readonly GPUFeatureName[] = ["shader-f16", "subgroups", "timestamp-query"];

const LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
] as const;

/** True for adapters that compute on the CPU: slower than wasm, so nothing takes them unasked. */
export function isSoftwareAdapter(info: GPUAdapterInfo): boolean {
  const text = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`;
  return info.isFallbackAdapter === true || /swiftshader|llvmpipe|lavapipe|basic render|software/i.test(text);
}

/** A device with every feature and limit of the adapter that the kernels use. */
export async function requestDevice(adapter: GPUAdapter): Promise<GPUDevice> {
  const requiredLimits = Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]]));
  const requiredFeatures = FEATURES.filter((feature) => adapter.features.has(feature));
  try {
    return await adapter.requestDevice({ label: "albef", requiredFeatures, requiredLimits });
  } catch (cause) {
    throw new DeviceError(`WebGPU: the adapter ${describeAdapter(adapter.info)} gave no device`, { cause });
  }
}

export function adapterFacts(device: GPUDevice, info: GPUAdapterInfo): AdapterFacts {
  const { features, limits } = device;
  return {
    isCpu: isSoftwareAdapter(info),
    shaderF16: features.has("shader-f16"),
    subgroups: features.has("subgroups"),
    subgroupMinSize: info.subgroupMinSize ?? 4,
    subgroupMaxSize: info.subgroupMaxSize ?? 128,
    maxWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
    maxWorkgroupStorageBytes: limits.maxComputeWorkgroupStorageSize,
    maxInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
  };
}

export function describeAdapter(info: GPUAdapterInfo): string {
  return (
    [info.vendor, info.architecture, info.description || info.device].filter(Boolean).join(" ") || "unnamed adapter"
  );
}
