import { DeviceError } from "../../errors.ts";

/** The innermost first, so that a lack of memory is told and not what follows from it. */
const SCOPES = ["out-of-memory", "internal", "validation"] as const;
const REMEDY = "; free memory (other tabs, other models), or take a smaller batch or smaller weights";

/**
 * Makes calls to a device and throws a DeviceError for what it finds wrong with them: WebGPU itself only logs errors and
 * goes on with zeros. Error scopes of a device nest, so only calls before the first `await` of `calls` are watched.
 */
export async function checked<T>(device: GPUDevice, who: string, calls: () => Promise<T> | T): Promise<T> {
  for (const filter of [...SCOPES].reverse()) device.pushErrorScope(filter);
  const calling = (async () => calls())();
  const [outcome, ...scopes] = await Promise.allSettled([calling, ...SCOPES.map(() => device.popErrorScope())]);
  const lost = await Promise.race([device.lost, undefined]);
  if (lost) throw new DeviceError(`${who}: device lost: ${lost.reason} ${lost.message}`);
  for (const [i, scope] of scopes.entries()) {
    if (scope.status === "rejected" || !scope.value) continue;
    const filter = SCOPES[i]!;
    throw new DeviceError(
      `${who}: WebGPU: ${filter}: ${scope.value.message}${filter === "out-of-memory" ? REMEDY : ""}`,
    );
  }
  if (outcome.status === "rejected") throw outcome.reason;
  return outcome.value;
}

/** Waits for a buffer to be readable. Throws a DeviceError where the device gives nothing back. */
export async function mapped(buffer: GPUBuffer, sizeBytes: number): Promise<ArrayBuffer> {
  try {
    await buffer.mapAsync(GPUMapMode.READ, 0, sizeBytes);
  } catch (cause) {
    throw new DeviceError(`read: the GPU gave no data (${String(cause)})`, { cause });
  }
  return buffer.getMappedRange(0, sizeBytes);
}
